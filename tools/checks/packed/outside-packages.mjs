import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../run-command.mjs";

/**
 * Makes a package of every kind of plugin.
 *
 * @param {{ creator: string, folder: string }} request a project in which `@blockwise/create-plugin` is installed, and
 *   where the packages are made
 * @returns {Promise<string[]>} their folders' names
 */
export async function makeEveryKind({ creator, folder }) {
  const { packageKinds } = await import(join(creator, "node_modules/@blockwise/create-plugin/dist/index.js"));
  for (const kind of packageKinds) {
    await make(creator, [`made-${kind}`, "--kind", kind], folder);
  }
  return packageKinds.map((kind) => `made-${kind}`);
}

/**
 * Makes the package of the guide, docs/plugins.md, by its own command, and fills in its own files.
 *
 * @param {{ root: string, creator: string, folder: string }} request
 * @returns {Promise<{ name: string, trainWords: string[] }>} the folder's name, and the words behind `blockwise` of the
 *   guide's training
 */
export async function makeByGuide({ root, creator, folder }) {
  const guide = readFileSync(join(root, "docs/plugins.md"), "utf8");
  const [, words] = /^npm create @blockwise\/plugin (.+)$/m.exec(guide) ?? [];
  const [, train] = /^node \S+\/cli\.js (train .+)$/m.exec(guide) ?? [];
  const files = [...guide.matchAll(/^`([\w./-]+)`:\n\n```\w+\n([\s\S]*?)^```$/gm)];
  if (words === undefined || train === undefined || files.length === 0) {
    throw new Error(
      "docs/plugins.md does not say how a package is made, filled in and trained with any more.",
    );
  }
  const [name, ...flags] = words.split(" ").filter((word) => word !== "--");
  await make(creator, [name, ...flags], folder);
  for (const [, file, text] of files) {
    // What the guide fills in is what the command has made, but for the configuration, which is new.
    if (!file.endsWith(".json") && !existsSync(join(folder, name, file))) {
      throw new Error(`docs/plugins.md fills in ${file}, which is not made.`);
    }
    writeFileSync(join(folder, name, file), text);
  }
  return { name, trainWords: train.split(" ") };
}

/**
 * Copies the packages of `examples/`.
 *
 * @param {{ root: string, folder: string }} request
 * @returns {string[]} their folders' names
 */
export function copyExamples({ root, folder }) {
  const examples = join(root, "examples");
  const names = readdirSync(examples).filter((name) => existsSync(join(examples, name, "package.json")));
  if (names.length === 0) throw new Error(`There is no package in ${examples}.`);
  const built = /(^|[\\/])(node_modules|dist|checkpoints)$/;
  for (const name of names) {
    cpSync(join(examples, name), join(folder, name), {
      recursive: true,
      filter: (path) => !built.test(path),
    });
  }
  return names;
}

async function make(creator, words, folder) {
  const cli = join(creator, "node_modules/@blockwise/create-plugin/dist/cli.js");
  const { code, output } = await runCommand([process.execPath, cli, ...words], { cwd: folder });
  if (code !== 0) throw new Error(`Making ${words.join(" ")} failed (${code}):\n${output}`);
}
