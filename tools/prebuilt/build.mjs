/**
 * Compiles the native kernels for all platforms that they are published for, with zig's C compiler, which comes with the C library
 * of each: `packages/engine-native/prebuilt/<platform>/blockwise.node`. What is there already and fresh stays.
 *
 *   pip install ziglang==0.17.1
 *   node tools/prebuilt/build.mjs [--zig "python3 -m ziglang"] [platform...]
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildLibrary } from "../../packages/engine-native/dist/build-library.js";

/** By platform, as `libraryPlatform` of engine-native spells it: zig's name, with the oldest system that Node 20 runs on. */
const targets = {
  "linux-x64": "x86_64-linux-gnu.2.28",
  "linux-x64-musl": "x86_64-linux-musl",
  "linux-arm64": "aarch64-linux-gnu.2.28",
  "linux-arm64-musl": "aarch64-linux-musl",
  "darwin-x64": "x86_64-macos.11.0",
  "darwin-arm64": "aarch64-macos.11.0",
  "win32-x64": "x86_64-windows-gnu",
};

const { values, positionals } = parseArgs({
  options: { zig: { type: "string", default: "python3 -m ziglang" } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !Object.hasOwn(targets, name));
if (unknown.length > 0)
  throw new Error(`Not among ${Object.keys(targets).join(", ")}: ${unknown.join(", ")}.`);

const folder = fileURLToPath(new URL("../../packages/engine-native/", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "blockwise-prebuilt-"));
// zig leaves an empty file where it is started.
process.chdir(work);
try {
  for (const name of positionals.length > 0 ? positionals : Object.keys(targets)) {
    const [platform, arch] = name.split("-");
    const { built, file, reason } = buildLibrary({
      // Without debug information and names of what is not exported.
      compiler: `${values.zig} cc --target=${targets[name]} -g0 -s`,
      platform,
      arch,
      output: join(folder, "prebuilt", name, "blockwise.node"),
      ...(platform === "win32" && { importLibrary: makeImportLibrary(values.zig, work) }),
    });
    if (!built) throw new Error(`${name}: ${reason}`);
    console.log(`${name.padEnd(16)} ${(statSync(file).size / 1000).toFixed(0)} kB`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** What tells Windows that the functions of Node-API are those of node.exe. */
function makeImportLibrary(zig, destination) {
  const [command, ...first] = zig.split(" ");
  const library = join(destination, "node.lib");
  const definitions = join(folder, "node_modules/node-api-headers/def/node_api.def");
  const flags = ["dlltool", "-m", "i386:x86-64", "-d", definitions, "-l", library];
  const { status, stderr } = spawnSync(command, [...first, ...flags], { encoding: "utf8" });
  if (status !== 0) throw new Error(`zig dlltool failed (${status}):\n${stderr}`);
  return library;
}
