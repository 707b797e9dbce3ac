import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { runCli } from "./run-cli.js";
import { temporaryFolder } from "./temporary-folder.js";
import { tinyConfig } from "./tiny-config.js";

const folder = temporaryFolder();

const plugins: Readonly<Record<string, string>> = {
  "stripes.mjs": `
export function stripes({ size = 100, phase = 0 } = {}) {
  const pixels = new Uint8Array(new SharedArrayBuffer(size * 256));
  const offsets = new Float64Array(new SharedArrayBuffer(8 * size)).map((_, index) => index * 256);
  const shared = new Float64Array(new SharedArrayBuffer(8 * size));
  shared.set(offsets);
  const sides = () => new Uint32Array(new SharedArrayBuffer(4 * size)).fill(16);
  for (let place = 0; place < pixels.length; place++) {
    const index = Math.floor(place / 256);
    const along = index % 2 === 0 ? place % 16 : Math.floor((place % 256) / 16);
    pixels[place] = (along + index + phase) % 4 < 2 ? 40 : 220;
  }
  const image = async (index) => ({
    height: 16, width: 16, channels: 1, data: pixels.subarray(index * 256, (index + 1) * 256),
  });
  return {
    specificationVersion: "v1", kind: "data-source", id: "stripes", options: { size, phase },
    description: size + " stripes of phase " + phase, size, channels: 1, classNames: ["upright", "level"],
    labels: Int32Array.from({ length: size }, (_, index) => index % 2), image,
    store: { kind: "packed", pixels, offsets: shared, heights: sides(), widths: sides(), channels: 1 },
  };
}`,
  "shifts.mjs": `
export function shifts({ size = 8, channels = 3, mean = [0], std = [1], reach = 4 } = {}) {
  return {
    specificationVersion: "v1", kind: "augmentation", id: "shifts", options: { size, channels, mean, std, reach },
    views: 2, shape: { height: size, width: size, channels },
    workerRecipe: { module: import.meta.url, exportName: "shifts" },
    doView: ({ image, random, out }) => {
      const [top, left] = [random.integer(reach), random.integer(reach)];
      for (let place = 0; place < out.length; place++) {
        const [row, column] = [(Math.floor(place / size) + top) % image.height, (place + left) % image.width];
        out[place] = (image.data[row * image.width + column] / 255 - mean[0]) / std[0];
      }
    },
  };
}`,
  "steps.mjs": `
export const steps = ({ baseLearningRate = 0.1, drop = 0.5 } = {}) => ({
  specificationVersion: "v1", kind: "schedule", id: "steps", options: { baseLearningRate, drop },
  learningRate: ({ step, stepCount }) => (2 * step < stepCount ? 1 : drop) * baseLearningRate,
});`,
  "guess.mjs": `
export const guess = ({ answer = 0 } = {}) => ({
  specificationVersion: "v1", kind: "evaluator", id: "guess", options: { answer },
  doEvaluate: async ({ train, test, classCount, seed }) => ({
    top1: (100 * test.labels.filter((label) => label === answer).length) / test.labels.length,
    protocol: { evaluator: "guess", answer, seed, classCount, dim: train.dim,
      trainCount: train.labels.length, testCount: test.labels.length },
  }),
});`,
};

const choice = (name: string, options: object, more: object = {}) => ({
  kind: "package",
  package: join(folder, name),
  options,
  ...more,
});

const config = {
  ...tinyConfig,
  data: { ...tinyConfig.data, maxTrainImages: null, dataset: choice("stripes.mjs", { size: 96 }) },
  augmentation: choice("shifts.mjs", { reach: 3 }),
  schedule: choice("steps.mjs", { drop: 0.25 }),
  epochs: 2,
  maxSteps: 8,
};

async function train(name: string, changes: object = {}, ...words: string[]): ReturnType<typeof runCli> {
  const file = join(folder, `${name}.json`);
  await writeFile(file, JSON.stringify({ ...config, ...changes }));
  return runCli("train", file, "--preset", "smoke", "--out", join(folder, name), ...words);
}

async function kept(run: string, file: string): Promise<unknown> {
  return JSON.parse(await readFile(join(folder, run, file), "utf8"));
}

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  for (const [name, source] of Object.entries(plugins)) await writeFile(join(folder, name), source);
});

describe("images, views, schedules and evaluators of other packages", () => {
  it("train and judge a run, which another number of threads repeats", async () => {
    const first = await train("run", {}, "--json");
    expect({ exitCode: first.exitCode, stderr: first.stderr }).toEqual({ exitCode: 0, stderr: "" });
    const stepsOf = (output: string) =>
      output
        .split("\n")
        .filter((line) => line.includes('"event":"step"'))
        .map((line) => JSON.parse(line));
    const rates = stepsOf(first.stdout).map(({ blocks: [block] }) => block.learningRate);
    expect(rates).toEqual([0.002, 0.002, 0.002, 0.002, 0.0005, 0.0005, 0.0005, 0.0005]);
    const threads = await train("threads", { workers: 2 }, "--json");
    const losses = (output: string) =>
      stepsOf(output).map(({ blocks }) => blocks.map(({ loss }: { loss: number }) => loss));
    expect(losses(threads.stdout)).toEqual(losses(first.stdout));
    expect(await kept("run", "config.json")).toMatchObject({
      data: { dataset: { package: join(folder, "stripes.mjs") } },
      augmentation: { options: { reach: 3 }, flip: true },
    });
    const judged = await runCli("evaluate", join(folder, "run"), "--evaluator", join(folder, "guess.mjs"));
    expect(judged.exitCode).toBe(0);
    expect(judged.stdout).toMatch(/guess, top-1 in % +raw +head\nlayer1/);
    const record = await kept("run", "evaluation/evaluators.json");
    expect(record).toMatchObject({
      evaluators: [{ evaluator: "guess", blocks: [{ block: "layer1", trainedHead: true }, {}, {}, {}] }],
      protocol: { evaluators: [{ id: "guess", answer: 0, classCount: 2 }] },
    });
  }, 180_000);

  it("take held-out images of options of their own, and evaluators of a file", async () => {
    const dataset = choice("stripes.mjs", { size: 64 }, { heldOut: { size: 40, phase: 1 } });
    const { exitCode } = await train("held", { data: { ...config.data, dataset }, maxSteps: 1 });
    expect(exitCode).toBe(0);
    const file = join(folder, "judge.json");
    const guess = choice("guess.mjs", { answer: 1 });
    await writeFile(file, JSON.stringify({ evaluation: { evaluators: [guess] } }));
    const words = ["--protocol", "evaluators", "--config", file];
    expect((await runCli("evaluate", join(folder, "held"), ...words)).exitCode).toBe(0);
    expect(await kept("held", "evaluation/evaluators.json")).toMatchObject({
      evaluators: [{ blocks: [{ raw: { top1: 50 } }, {}, {}, {}] }],
      protocol: { evaluators: [{ answer: 1, testCount: 40 }] },
    });
  }, 180_000);

  it.each<[string, object, RegExp]>([
    [
      "steps.mjs for images",
      { data: { dataset: choice("steps.mjs", {}) } },
      /"data-source v1", but got "schedule v1/,
    ],
    [
      "an option of none",
      { schedule: choice("steps.mjs", { dropp: 1 }) },
      /"schedule\.options\.dropp" must be absent/,
    ],
    [
      "views of another size",
      { augmentation: choice("shifts.mjs", {}, { export: "shift" }) },
      /"augmentation\.export" must be the name of a function .* It exports shifts\./,
    ],
    [
      "a name where a package has to be an object",
      { augmentation: "shifts" },
      /"augmentation" must be an object/,
    ],
  ])("are refused before anything is written: %s", async (_, changes, message) => {
    const { exitCode, stderr } = await train("refused", changes);
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(message);
    await expect(kept("refused", "config.json")).rejects.toThrow(/ENOENT/);
  });

  it("are asked for by name where the protocol is", async () => {
    const { exitCode, stderr } = await runCli("evaluate", join(folder, "run"), "--protocol", "evaluators");
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/"evaluation\.evaluators" must be a list of packages .* --evaluator/);
  });
});
