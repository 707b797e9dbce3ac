import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createEngine, type EngineName } from "@blockwise/engine";
import { readSafetensors } from "@blockwise/safetensors";
import { BlockwiseError, DataSourceError } from "@blockwise/spec";
import { Command, Option } from "commander";
import { parseCases } from "./case-format.js";
import { limits } from "./compare.js";
import { runCase } from "./run-case.js";

/**
 * The command `parity <folder>`. Prints each case's worst errors, and returns the exit code: 0 when all cases agree, 1
 * when one does not, 2 when the folder cannot be read.
 */
export async function main(argv: readonly string[]): Promise<number> {
  let failed = 0;
  const program = new Command("parity")
    .description(
      "Repeats the golden training steps in a folder (cases.json + safetensors) and compares every tensor.",
    )
    .argument("<folder>", "a folder in the format of tools/parity/README.md")
    .addOption(
      new Option("--engine <name...>", "engines to run on")
        .choices(["native", "wasm", "cpu", "node", "node-gpu", "webgpu"])
        .default(["wasm"]),
    )
    .action(async (folder: string, { engine: names }: { readonly engine: readonly EngineName[] }) => {
      for (const name of names) failed += await runFolder(folder, name);
    });
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (!BlockwiseError.isInstance(error)) throw error;
    console.error(`${error.code}: ${error.message}`);
    return 2;
  }
  return failed === 0 ? 0 : 1;
}

async function runFolder(folder: string, engineName: EngineName): Promise<number> {
  const engine = await createEngine({ name: engineName });
  const cases = parseCases(await readText(join(folder, "cases.json")), join(folder, "cases.json"));
  let failed = 0;
  for (const parityCase of cases) {
    const golden = await readSafetensors(join(folder, `${parityCase.name}.safetensors`));
    const { worst, passed } = runCase(parityCase, golden, engine);
    if (!passed) failed += 1;
    console.log(`${passed ? "ok  " : "FAIL"} ${parityCase.name} (${engine.id})`);
    for (const [kind, { error, tensor, compared }] of worst) {
      const mark = error <= limits[kind] ? " " : "!";
      console.log(
        `   ${mark} ${kind.padEnd(9)} ${error.toExponential(1)} at ${tensor} (${compared} compared, limit ${limits[kind].toExponential(0)})`,
      );
    }
  }
  console.log(`${cases.length - failed} passed, ${failed} failed on ${engine.id}`);
  return failed;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new DataSourceError(
      `${path} cannot be read. Name a folder that holds cases.json and one safetensors file a case.`,
      { source: path },
      { cause },
    );
  }
}
