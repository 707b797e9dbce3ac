import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runCommand } from "../run-command.mjs";

const stepCount = 3;

/**
 * Trains with plugins of others, for a few steps on real images, and looks at the checkpoints: with that of the guide by
 * its name in its own folder, as the guide says; with all examples by their names where their tarballs are installed;
 * with a plugin of every kind, as made; and with the example's own script.
 *
 * @param {object} request
 * @param {string} request.root
 * @param {string} request.packageManager pnpm and its version
 * @param {Record<string, string>} request.overrides where packages of Blockwise come from
 * @param {string} request.folder the plugins' parent
 * @param {string[]} request.made one of every kind
 * @param {{ name: string, trainWords: string[] }} request.guide
 * @param {string[]} request.examples
 * @returns {Promise<string[]>} what is wrong
 */
export async function checkTraining({ root, packageManager, overrides, folder, made, guide, examples }) {
  const cli = join(root, "apps/reference/dist/cli.js");
  const own = await train({ cli, cwd: join(folder, guide.name), words: guide.trainWords });
  const user = join(folder, "..", "user");
  const problem = await installPlugins({ packageManager, overrides, folder, made, examples, user });
  if (problem !== null) return [problem];
  const configs = examples.map((name) => JSON.parse(readFileSync(join(folder, name, "run.json"), "utf8")));
  writeFileSync(join(user, "run.json"), JSON.stringify(Object.assign({ batchSize: 32 }, ...configs)));
  const words = ["train", "run.json", "--preset", "smoke", "--data", "mnist-digits", "--out", "run"];
  const both = await train({ cli, cwd: user, words });
  writeFileSync(join(user, "every-kind.json"), JSON.stringify(everyKind));
  const every = await train({
    cli,
    cwd: user,
    words: ["train", "every-kind.json", "--preset", "smoke", "--out", "every"],
  });
  const judge = ["evaluate", "every", "--evaluator", "made-evaluator"];
  const judged = await runCommand([process.execPath, cli, ...judge], { cwd: user });
  const script = await runScript({ root, folder: join(folder, "backbone-vgg") });
  return [
    ...own.problems,
    ...expectRun(own, { run: "first-run", terms: ["alignment", "uniformity"], tensor: "bn1.bias" }),
    ...both.problems,
    ...expectRun(both, { run: "run", terms: ["attraction", "repulsion"], tensor: "features.9.bias" }),
    ...every.problems,
    ...expectRun(every, { run: "every", terms: ["distance"], tensor: "unit1.bn.bias" }),
    ...(/made-evaluator, top-1 in %/.test(judged.stdout)
      ? []
      : [`blockwise ${judge.join(" ")} failed (${judged.code}):\n${judged.output}`]),
    ...script,
  ];
}

const choice = (name, options = {}) => ({ kind: "package", package: `made-${name}`, options });

/** A run of nothing but plugins that were made by their kind. */
const everyKind = {
  data: { dataset: choice("data-source", { size: 128 }), imageSize: 8, maxTrainImages: null },
  network: choice("backbone", { width: 4, depth: 2 }),
  head: "made-head",
  projector: "made-projector",
  loss: "made-local-loss",
  optimizer: { ...choice("optimizer"), learningRate: 0.01 },
  schedule: "made-schedule",
  augmentation: choice("augmentation"),
  batchSize: 32,
};

/** Runs `blockwise` with a few steps. */
async function train({ cli, cwd, words }) {
  const command = [process.execPath, cli, ...words, "--max-steps", `${stepCount}`, "--json"];
  const { code, stdout, output } = await runCommand(command, { cwd });
  const problems = code === 0 ? [] : [`blockwise ${words.join(" ")} failed (${code}):\n${output}`];
  return { cwd, stdout, problems };
}

/** Whether each block has learnt in each step by the loss's own terms, and what came of it is in the checkpoint. */
function expectRun({ cwd, stdout, problems }, { run, terms, tensor }) {
  if (problems.length > 0) return [];
  const steps = stdout
    .split("\n")
    .filter((line) => line.includes('"event":"step"'))
    .map((line) => JSON.parse(line));
  const wrong = steps.flatMap(({ step, blocks }) =>
    blocks
      .filter(
        (block) =>
          block.skipped || !Number.isFinite(block.loss) || `${Object.keys(block.terms)}` !== `${terms}`,
      )
      .map(
        (block) => `${run}: block ${block.block} of step ${step} has not learnt: ${JSON.stringify(block)}`,
      ),
  );
  if (steps.length !== stepCount) wrong.push(`${run}: ${steps.length} steps were trained, not ${stepCount}`);
  return [...wrong, ...expectTensor(join(cwd, run, "checkpoints"), tensor)];
}

/** Whether the newest checkpoint holds a tensor, which begins as zeros, of finite numbers that were learnt. */
function expectTensor(checkpoints, name) {
  const folder = readdirSync(checkpoints).sort().at(-1);
  const bytes = readFileSync(join(checkpoints, folder ?? "none", "tensors.safetensors"));
  const headerEnd = 8 + Number(bytes.readBigUInt64LE());
  const entry = JSON.parse(bytes.subarray(8, headerEnd).toString("utf8"))[name];
  if (entry === undefined) return [`${checkpoints}/${folder} has no tensor "${name}"`];
  const [begin, end] = entry.data_offsets.map((offset) => headerEnd + offset);
  const values = new Float32Array(Uint8Array.from(bytes.subarray(begin, end)).buffer);
  const learnt = values.every(Number.isFinite) && values.some((value) => value !== 0);
  return learnt ? [] : [`the tensor "${name}" of ${checkpoints}/${folder} has not learnt`];
}

/** Packs the examples and installs their tarballs in an empty project, beside the others; what went wrong, or null. */
async function installPlugins({ packageManager, overrides, folder, made, examples, user }) {
  const dependencies = Object.fromEntries(made.map((name) => [name, `link:${join(folder, name)}`]));
  for (const name of examples) {
    const cwd = join(folder, name);
    const { code, stdout, output } = await runCommand(["npm", "pack", "--ignore-scripts", "--json"], { cwd });
    if (code !== 0) return `npm pack of ${name} failed (${code}):\n${output}`;
    dependencies[name] = `file:${join(cwd, JSON.parse(stdout)[0].filename)}`;
  }
  mkdirSync(user);
  const settings = { packages: ["."], autoInstallPeers: true, overrides };
  writeFileSync(join(user, "pnpm-workspace.yaml"), JSON.stringify(settings));
  writeFileSync(join(user, "package.json"), JSON.stringify({ private: true, packageManager, dependencies }));
  const install = ["npx", "--yes", "--prefer-offline", packageManager, "install", "--prefer-offline"];
  const { code, output } = await runCommand([...install, "--ignore-scripts", "--no-frozen-lockfile"], {
    cwd: user,
  });
  return code === 0 ? null : `installing the examples failed (${code}):\n${output}`;
}

/** Trains in code, with a folder of digits. */
async function runScript({ root, folder }) {
  await writeDigits(root, join(folder, "digits"));
  const command = [process.execPath, "train.mjs", "digits", `${stepCount}`];
  const { code, output } = await runCommand(command, { cwd: folder });
  if (code !== 0) return [`train.mjs of ${folder} failed (${code}):\n${output}`];
  return expectTensor(join(folder, "checkpoints"), "features.9.bias");
}

/** Real digits, as files: what anybody's folder of images is. */
async function writeDigits(root, folder) {
  const from = join(root, "apps/reference/package.json");
  const sharp = createRequire(from)("sharp");
  const { openMnistDigits } = await import(pathToFileURL(join(root, "packages/data/dist/index.js")).href);
  const { train } = await openMnistDigits({ digitsFrom: pathToFileURL(from).href });
  mkdirSync(folder);
  for (let index = 0; index < 64; index++) {
    const { data, height, width } = await train.image(index);
    const raw = { height, width, channels: 1 };
    await sharp(data, { raw })
      .png()
      .toFile(join(folder, `${index}.png`));
  }
}
