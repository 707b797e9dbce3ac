import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { removeLeftBuilds } from "./left-builds.js";

/** How to compile the kernels. */
export interface BuildOptions {
  /** The C compiler with what always goes with it, separated by spaces. @default the variable `CC`, else `"cc"` */
  readonly compiler?: string;
  /** Node's name of the processor to compile for. @default this one's */
  readonly arch?: string;
  /** Where the library goes. @default `dist/blockwise.node` of this package */
  readonly output?: string;
}

/** What came of it. */
export interface BuildResult {
  /** Whether the library is there now. */
  readonly built: boolean;
  /** Where it is, or would be. */
  readonly file: string;
  /** Why there is none; null where there is. */
  readonly reason: string | null;
}

const sources = fileURLToPath(new URL("../native/", import.meta.url));
const flags = [
  ...["-std=gnu11", "-O3", "-fPIC", "-fvisibility=hidden", "-ffp-contract=fast", "-fno-math-errno"],
  ...["-Wall", "-Wextra", "-Werror"],
];

/** The instruction sets of a processor: the name of their table of kernels, and what the compiler is told. */
const instructionSets: Readonly<Record<string, readonly (readonly [table: string, flag: string])[]>> = {
  x64: [
    ["kernels_v2", "-march=x86-64-v2"],
    ["kernels_v3", "-march=x86-64-v3"],
    ["kernels_v4", "-march=x86-64-v4"],
  ],
  arm64: [["kernels_plain", "-march=armv8-a"]],
};

/** Compiles the kernels, once for each instruction set; not if what is there came from the same sources and compiler. */
export function buildLibrary({
  compiler = process.env.CC || "cc",
  arch = process.arch,
  output = fileURLToPath(new URL("../dist/blockwise.node", import.meta.url)),
}: BuildOptions = {}): BuildResult {
  removeLeftBuilds(output);
  const targets = instructionSets[arch];
  if (targets === undefined || process.platform === "win32") {
    return absent(output, `there are no native kernels for ${process.platform} on ${arch}`);
  }
  const version = run(compiler, ["--version"]);
  if (version.status !== 0) {
    const hint = "Debian and Ubuntu: apt install gcc libc6-dev";
    return absent(output, `there is no C compiler: "${compiler}" cannot be run (${hint})`);
  }
  const stamp = fingerprint([compiler, arch, version.stdout, ...flags]);
  if (existsSync(output) && readStamp(output) === stamp) return { built: true, file: output, reason: null };
  mkdirSync(dirname(output), { recursive: true });
  const work = mkdtempSync(`${output}.`);
  try {
    const failure = compile(compiler, targets, work);
    if (failure !== null) return absent(output, `"${compiler}" does not compile the kernels:\n${failure}`);
    // Renamed, not written: a process may have the old library open.
    renameSync(join(work, "blockwise.node"), output);
    writeFileSync(stampOf(output), stamp);
    return { built: true, file: output, reason: null };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Returns what the compiler complains of; null where all went well. */
function compile(
  compiler: string,
  targets: readonly (readonly [table: string, flag: string])[],
  work: string,
): string | null {
  const require = createRequire(import.meta.url);
  const { include_dir: headers } = require("node-api-headers") as { include_dir: string };
  const units: readonly (readonly [source: string, name: string, flags: readonly string[]])[] = [
    ...targets.map(([table, flag]) => ["kernels.c", table, [flag, `-DKERNELS=${table}`]] as const),
    ["context.c", "context", []],
    ["dispatch.c", "dispatch", []],
    ["processor.c", "processor", []],
    ["addon.c", "addon", ["-isystem", headers]],
  ];
  for (const [source, name, more] of units) {
    const target = join(work, `${name}.o`);
    const compiled = run(compiler, [...flags, ...more, "-c", join(sources, source), "-o", target]);
    if (compiled.status !== 0) return compiled.stderr;
  }
  // The functions of Node-API are those of the process that loads the library.
  const open = process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : [];
  const objects = units.map(([, name]) => join(work, `${name}.o`));
  const target = join(work, "blockwise.node");
  const linked = run(compiler, ["-shared", ...open, "-o", target, ...objects, "-lm", "-lpthread"]);
  return linked.status === 0 ? null : linked.stderr;
}

function run(compiler: string, more: readonly string[]): ReturnType<typeof spawnSync> & { stderr: string } {
  const [command = "", ...first] = compiler.split(" ");
  return spawnSync(command, [...first, ...more], { encoding: "utf8" });
}

function absent(output: string, reason: string): BuildResult {
  for (const file of [output, stampOf(output)]) rmSync(file, { force: true });
  return { built: false, file: output, reason };
}

function fingerprint(environment: readonly unknown[]): string {
  const hash = createHash("sha256").update(environment.join("\n"));
  for (const name of readdirSync(sources).sort()) {
    if (/\.[ch]$/.test(name)) hash.update(`${name}\n`).update(readFileSync(join(sources, name)));
  }
  return hash.digest("hex");
}

function stampOf(output: string): string {
  return `${output}.stamp`;
}

function readStamp(output: string): string | null {
  try {
    return readFileSync(stampOf(output), "utf8");
  } catch {
    return null;
  }
}
