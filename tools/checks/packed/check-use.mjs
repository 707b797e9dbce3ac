import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { runCommand } from "../run-command.mjs";

/**
 * Imports an installed package in Node.
 *
 * @param {{ name: string, project: string }} request
 * @returns {Promise<{ names: string[], problem?: undefined } | { problem: string }>} the names of what it exports
 */
export async function exportedNames({ name, project }) {
  const script = `import * as module from ${JSON.stringify(name)};
process.stdout.write(JSON.stringify(Object.keys(module)));
`;
  writeFileSync(join(project, "names.js"), script);
  const { code, stdout, output } = await runCommand([process.execPath, "names.js"], { cwd: project });
  if (code !== 0) return { problem: `${name}: import in Node failed (${code}):\n${output}` };
  const names = JSON.parse(stdout);
  return names.length === 0 ? { problem: `${name}: exports nothing` } : { names };
}

/**
 * Type-checks a file in each project that uses every export of its package, under both kinds of module
 * resolution. An export of type `any` is an error: it is what a declaration that leads nowhere turns into.
 *
 * @param {{ name: string, project: string, exportNames: string[] }[]} uses
 * @param {string} folder the projects' parent
 * @returns {Promise<string[]>} what is wrong
 */
export async function typeCheck(uses, folder) {
  for (const { name, project, exportNames } of uses) {
    writeFileSync(join(project, "consumer.ts"), consumerSource(name, exportNames));
  }
  const problems = [];
  for (const [module, moduleResolution] of [
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ]) {
    const file = `tsconfig.${moduleResolution}.json`;
    const config = {
      compilerOptions: {
        target: "ES2022",
        lib: ["ES2023", "DOM"],
        module,
        moduleResolution,
        types: [],
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
        // TensorFlow.js's own declarations do not pass without it.
        skipLibCheck: true,
      },
      files: uses.map(({ project }) => `${basename(project)}/consumer.ts`),
    };
    writeFileSync(join(folder, file), JSON.stringify(config));
    const { code, output } = await runCommand(["tsc", "-p", file], { cwd: folder });
    if (code !== 0) problems.push(`type check under "${moduleResolution}" failed (${code}):\n${output}`);
  }
  return problems;
}

/**
 * Every key is a key of `any`. (The usual test for `any`, `0 extends 1 & T`, lets types pass that could not be
 * resolved.)
 */
function consumerSource(name, exportNames) {
  const lines = exportNames.map(
    (key, index) => `export const export${index}: IsAny<typeof module.${key}> = false;`,
  );
  return `import * as module from ${JSON.stringify(name)};
declare const noKey: unique symbol;
type IsAny<T> = typeof noKey extends keyof T ? true : false;
${lines.join("\n")}
`;
}
