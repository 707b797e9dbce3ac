import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { transform } from "esbuild";
import { runCommand } from "../../run-command.mjs";
import { fixturePackages, fixtures } from "./fixtures.mjs";
import { importedPackages, installedPackages, readExamples } from "./read-examples.mjs";

const secondsForOne = 300;

/**
 * Reads the examples of all Markdown files that users read, and says what has to be installed to run them.
 *
 * @param {string} root
 * @param {{ name: string, tarball: string }[]} packages
 * @returns {{ problems: string[], skipped: string[], pages: Page[] }}
 *
 * @typedef {object} Page
 * @property {string} name a folder's name
 * @property {Record<string, string>} dependencies
 * @property {import("./read-examples.mjs").Example[]} examples
 */
export function planExamples(root, packages) {
  const versions = {
    ...catalog(root),
    ...Object.fromEntries(packages.map(({ name, tarball }) => [name, `file:${tarball}`])),
  };
  const problems = [];
  const skipped = [];
  const pages = [];
  for (const path of listPages(root)) {
    const text = readFileSync(join(root, path), "utf8");
    const all = readExamples(path, text);
    const examples = all.filter(({ reason }) => reason === null);
    skipped.push(
      ...all.filter(({ reason }) => reason !== null).map(({ where, reason }) => `${where}: ${reason}`),
    );
    if (examples.length === 0) continue;
    const imported = examples.flatMap(({ code, tests }) => [
      ...importedPackages(code),
      ...(tests ? ["vitest"] : []),
    ]);
    const installed = path.startsWith("packages/") ? installedPackages(text) : imported;
    const missing = imported.filter((name) => !installed.includes(name));
    if (missing.length > 0) {
      problems.push(
        `${path}: its examples import ${missing.join(", ")}, and no "npm install" in it names them`,
      );
    }
    const unknown = [...installed, ...imported].filter((name) => versions[name] === undefined);
    if (unknown.length > 0)
      problems.push(`${path}: neither a package nor in the catalog: ${unknown.join(", ")}`);
    const besides = examples.flatMap((example) =>
      example.fixtures.flatMap((name) => fixturePackages[name] ?? []),
    );
    const names = [...new Set([...installed, ...imported, ...besides])].filter(
      (name) => versions[name] !== undefined,
    );
    pages.push({
      name: `of-${path.replace(/\.md$/, "").replaceAll("/", "-").toLowerCase()}`,
      dependencies: Object.fromEntries(names.map((name) => [name, versions[name]])),
      examples,
    });
  }
  return { problems, skipped, pages };
}

/**
 * Type-checks and runs the examples in the projects that were installed for them.
 *
 * @param {{ root: string, pages: Page[], folder: string }} request `folder` has a project for each page
 * @returns {Promise<string[]>} what is wrong
 */
export async function checkExamples({ root, pages, folder }) {
  const written = [];
  for (const { name, examples } of pages) {
    for (const example of examples) {
      const cwd = join(folder, name, `line-${example.where.split(":").at(-1)}`);
      mkdirSync(cwd);
      const file = `example.${example.tests ? "test." : ""}${example.language}`;
      writeFileSync(join(cwd, file), example.code);
      for (const fixture of example.fixtures) {
        if (fixtures[fixture] === undefined)
          throw new Error(`${example.where}: there is no ${fixture} to have`);
        await fixtures[fixture]({ root, path: join(cwd, fixture) });
      }
      written.push({ ...example, cwd, file, project: `${name}/${cwd.split(/[\\/]/).at(-1)}/${file}` });
    }
  }
  const problems = await typeCheck(written, folder);
  const queue = [...written];
  const work = async () => {
    for (let example = queue.shift(); example !== undefined; example = queue.shift()) {
      problems.push(...(await runExample(example, folder)));
    }
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work));
  return problems;
}

/** JavaScript has no types to hold it to: that it runs is all. */
async function typeCheck(written, folder) {
  const files = written.filter(({ language }) => language === "ts");
  const compilerOptions = {
    target: "ES2022",
    lib: ["ES2023", "DOM"],
    module: "nodenext",
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ["node"],
    typeRoots: [join(folder, "node_modules/@types")],
  };
  const config = join(folder, "tsconfig.examples.json");
  writeFileSync(config, JSON.stringify({ compilerOptions, files: files.map(({ project }) => project) }));
  const { code, output } = await runCommand(["tsc", "-p", config], { cwd: folder });
  if (code === 0) return [];
  const named = files.reduce(
    (text, { project, where }) => text.replaceAll(project, `${where} (${project})`),
    output,
  );
  return [`type check of examples failed (${code}):\n${named}`];
}

async function runExample({ where, language, code, tests, cwd, file }, folder) {
  let command = [process.execPath, file];
  if (tests) {
    writeFileSync(
      join(cwd, "vitest.config.mjs"),
      `export default { test: { setupFiles: ["@blockwise/testing/matchers"] } };\n`,
    );
    command = [process.execPath, join(cwd, "../node_modules/vitest/vitest.mjs"), "run"];
  } else if (language === "ts") {
    const { code: javascript } = await transform(code, { loader: "ts", format: "esm" });
    writeFileSync(join(cwd, "run.js"), javascript);
    command = [process.execPath, "run.js"];
  }
  // What is downloaded stays out of the user's cache, and what is in it does not help an example along.
  const env = { BLOCKWISE_CACHE: join(folder, "cache") };
  const { code: ended, output } = await runCommand(command, { cwd, env, seconds: secondsForOne });
  return ended === 0 ? [] : [`${where}: the example failed (${ended}):\n${output}`];
}

function listPages(root) {
  const readmes = ["packages", "apps"].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => `${group}/${name}/README.md`),
  );
  const docs = readdirSync(join(root, "docs"), { recursive: true })
    .map((name) => `docs/${name.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".md") && !/node_modules|docs\/decisions\/|\/\./.test(path));
  return ["README.md", ...readmes, ...docs].filter((path) => existsSync(join(root, path))).sort();
}

/** The workspace's versions of other people's packages. */
function catalog(root) {
  const text = readFileSync(join(root, "pnpm-workspace.yaml"), "utf8");
  const [block] = /^catalog:\n(?: .*\n|#.*\n|\n)*/m.exec(text) ?? [""];
  return Object.fromEntries(
    Array.from(block.matchAll(/^ {2}"?([^":\n]+)"?: (\S+)$/gm), ([, name, version]) => [name, version]),
  );
}
