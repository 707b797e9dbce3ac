// Compiles the kernels to WebAssembly and writes them, base64, into a TypeScript module that is committed: tests run
// from the sources without a build, and no bundler has to find a file at run time. `--check` only compares.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const target = fileURLToPath(new URL("../src/pixels/kernels.generated.ts", import.meta.url));

/** Compiles the kernels to a WebAssembly module. */
async function compile() {
  let binary = null;
  const { error, stderr } = await asc.main(
    [
      "index.ts",
      "--baseDir",
      fileURLToPath(new URL(".", import.meta.url)),
      "--importMemory",
      "--noExportMemory",
      "--runtime",
      "stub",
      "--enable",
      "simd",
      "--noAssert",
      "-O3",
      "--disableWarning",
      "112",
      "--outFile",
      "kernels.wasm",
    ],
    {
      writeFile: (_name, contents) => {
        binary = contents;
      },
    },
  );
  if (error) throw new Error(`AssemblyScript: ${error.message}\n${stderr.toString()}`);
  return binary;
}

/** The text of the generated module. */
export async function generate() {
  const simd = Buffer.from(await compile()).toString("base64");
  return [
    "// Generated from assembly/ by `pnpm build:kernels`; do not edit.",
    "",
    "/** The compiled kernels, base64. */",
    `export const kernelsBase64: string =\n  "${simd}";`,
    "",
  ].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = await generate();
  if (!process.argv.includes("--check")) writeFileSync(target, text);
  else if (readFileSync(target, "utf8") !== text) {
    console.error("src/pixels/kernels.generated.ts is not what assembly/ compiles to: run `pnpm build:kernels`.");
    process.exitCode = 1;
  }
}
