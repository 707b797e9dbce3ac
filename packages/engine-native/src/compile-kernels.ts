import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";

/** What every file is compiled with. */
export const compilerFlags: readonly string[] = [
  ...["-std=gnu11", "-O3", "-fPIC", "-fvisibility=hidden", "-ffp-contract=fast", "-fno-math-errno"],
  ...["-Wall", "-Wextra", "-Werror"],
];

/** A table of kernels, and what the compiler is told to compile it for. */
export type InstructionSet = readonly [table: string, ...flags: readonly string[]];

/** The instruction sets of a processor, by Node's name of it. */
export const instructionSets: Readonly<Record<string, readonly InstructionSet[]>> = {
  x64: [
    ["kernels_v2", "-march=x86-64-v2"],
    ["kernels_v3", "-march=x86-64-v3"],
    ["kernels_v4", "-march=x86-64-v4"],
  ],
  // NEON is part of every 64-bit ARM, and what compilers take without being told.
  arm64: [["kernels_plain"]],
};

/** Compiles and links `blockwise.node` in the folder `work`. Returns what the compiler complains of; null where all went well. */
export function compileKernels({
  compiler,
  platform,
  targets,
  importLibrary,
  sources,
  work,
}: {
  readonly compiler: string;
  readonly platform: string;
  readonly targets: readonly InstructionSet[];
  readonly importLibrary: string | undefined;
  readonly sources: string;
  readonly work: string;
}): string | null {
  const require = createRequire(import.meta.url);
  const { include_dir: headers } = require("node-api-headers") as { include_dir: string };
  const units: readonly (readonly [source: string, name: string, flags: readonly string[]])[] = [
    ...targets.map(([table, ...more]) => ["kernels.c", table, [...more, `-DKERNELS=${table}`]] as const),
    ["context.c", "context", []],
    ["dispatch.c", "dispatch", []],
    ["processor.c", "processor", []],
    ["addon.c", "addon", ["-isystem", headers]],
  ];
  for (const [source, name, more] of units) {
    const target = join(work, `${name}.o`);
    const spelled = more.map((flag) => spellFor(compiler, flag));
    const compiled = runCompiler(compiler, [
      ...compilerFlags,
      ...spelled,
      "-c",
      join(sources, source),
      "-o",
      target,
    ]);
    if (compiled.status !== 0) return compiled.stderr;
  }
  const open = platform === "darwin" ? ["-undefined", "dynamic_lookup"] : [];
  const objects = units.map(([, name]) => join(work, `${name}.o`));
  const libraries = [...(importLibrary === undefined ? [] : [importLibrary]), "-lm", "-lpthread"];
  const target = join(work, "blockwise.node");
  const linked = runCompiler(compiler, ["-shared", ...open, "-o", target, ...objects, ...libraries]);
  return linked.status === 0 ? null : linked.stderr;
}

/** zig has the names of processors with underscores: a dash takes a feature away there. */
function spellFor(compiler: string, flag: string): string {
  return /\bzig(lang)? cc\b/.test(compiler) ? flag.replace(/^-march=x86-64-/, "-march=x86_64_") : flag;
}

/** Runs a compiler that is written with what always goes with it, separated by spaces. */
export function runCompiler(compiler: string, more: readonly string[]): SpawnSyncReturns<string> {
  const [command = "", ...first] = compiler.split(" ");
  return spawnSync(command, [...first, ...more], { encoding: "utf8" });
}
