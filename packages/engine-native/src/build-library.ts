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
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileKernels, compilerFlags, instructionSets, runCompiler } from "./compile-kernels.js";
import { removeLeftBuilds } from "./left-builds.js";

/** How to compile the kernels. */
export interface BuildOptions {
  /** The C compiler with what always goes with it, separated by spaces. @default the variable `CC`, else `"cc"` */
  readonly compiler?: string;
  /** Node's name of the system to compile for. @default this one's */
  readonly platform?: string;
  /** Node's name of the processor to compile for. @default this one's */
  readonly arch?: string;
  /** Windows: the import library of Node's functions. Elsewhere they are those of the process that loads the library. */
  readonly importLibrary?: string;
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

/** Compiles the kernels, once for each instruction set; not if what is there came from the same sources and compiler. */
export function buildLibrary({
  compiler = process.env.CC || "cc",
  platform = process.platform,
  arch = process.arch,
  importLibrary,
  output = fileURLToPath(new URL("../dist/blockwise.node", import.meta.url)),
}: BuildOptions = {}): BuildResult {
  removeLeftBuilds(output);
  const targets = instructionSets[arch];
  if (
    targets === undefined ||
    (platform === "win32" ? importLibrary === undefined : !["linux", "darwin"].includes(platform))
  ) {
    return absent(output, `there are no native kernels for ${platform} on ${arch}`);
  }
  const version = runCompiler(compiler, ["--version"]);
  if (version.status !== 0) {
    const hint = "Debian and Ubuntu: apt install gcc libc6-dev";
    return absent(output, `there is no C compiler: "${compiler}" cannot be run (${hint})`);
  }
  const stamp = fingerprint([compiler, platform, arch, version.stdout, ...compilerFlags]);
  if (existsSync(output) && readStamp(output) === stamp) return { built: true, file: output, reason: null };
  mkdirSync(dirname(output), { recursive: true });
  const work = mkdtempSync(`${output}.`);
  try {
    const failure = compileKernels({ compiler, platform, targets, importLibrary, sources, work });
    if (failure !== null) return absent(output, `"${compiler}" does not compile the kernels:\n${failure}`);
    // Renamed, not written: a process may have the old library open.
    renameSync(join(work, "blockwise.node"), output);
    writeFileSync(stampOf(output), stamp);
    return { built: true, file: output, reason: null };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
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
