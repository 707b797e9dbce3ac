import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { EngineInstallError } from "@blockwise/spec";
import { standInCode } from "../installed/shared-tensorflow-js.js";
import { fileChecksum, wrongChecksum } from "./file-checksum.js";
import type { InstallContext } from "./install-context.js";
import type { PinnedPackage } from "./pinned-sources.js";
import { runProgram } from "./run-program.js";

/** The package whose addon is built. */
export const addonPackage = "@tensorflow/tfjs-node";

/**
 * Fetches the npm packages by `npm pack`, which runs none of their code, and lays them out in `node_modules` with stand-ins for
 * those that tfjs-node only needs to install itself, and for TensorFlow.js.
 */
export async function fetchPackages(context: InstallContext): Promise<void> {
  const modules = join(context.staging, "node_modules");
  for (const pinned of context.sources.packages) {
    context.note(`fetching ${pinned.name} ${pinned.version} from npm`);
    await unpack(context, await fetchPackage(context, pinned), join(modules, pinned.name));
  }
  await writeStandIn(modules, "@tensorflow/tfjs", standInCode);
  await writeStandIn(modules, "@tensorflow/tfjs-core", standInCode);
  await writeStandIn(modules, "@mapbox/node-pre-gyp", addonFinderCode);
}

/** Where the addon of tfjs-node is to be, seen from its folder: its code asks node-pre-gyp for it. */
export const addonPath = "lib/napi-v8/tfjs_binding.node";

const addonFinderCode = `"use strict";
const path = require("path");
exports.find = (manifest) => path.join(path.dirname(manifest), ${JSON.stringify(addonPath)});
`;

/** npm waits a minute before its last try, in which a machine without a network would seem to hang. */
const quickRetries: readonly string[] = ["--fetch-retry-mintimeout=2000", "--fetch-retry-maxtimeout=10000"];

async function fetchPackage(context: InstallContext, pinned: PinnedPackage): Promise<string> {
  const { staging, environment, signal } = context;
  const folder = join(staging, "downloads", pinned.name.replace("/", "-"));
  await mkdir(folder, { recursive: true });
  const wanted = `${pinned.name}@${pinned.version}`;
  const result = await runProgram(
    "npm",
    ["pack", wanted, "--ignore-scripts", "--pack-destination", folder, ...quickRetries],
    {
      cwd: folder,
      environment,
      signal,
    },
  );
  if (result === null) {
    throw new EngineInstallError(
      "There is no npm, by which tfjs-node's JavaScript is fetched: install the npm that comes with Node.",
      { step: "npm" },
    );
  }
  const [file] = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
  if (result.code !== 0 || file === undefined) {
    throw new EngineInstallError(`npm cannot fetch ${wanted}:\n${result.lastLines}`, { step: "download" });
  }
  const path = join(folder, file);
  const integrity = `sha512-${await fileChecksum(path, "sha512", "base64")}`;
  if (integrity !== pinned.integrity) throw wrongChecksum(wanted, pinned.integrity, integrity);
  return path;
}

async function unpack(context: InstallContext, archive: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await unpackTar(context, archive, ["--strip-components=1", "-C", folder]);
}

/** Unpacks a `.tar.gz` with the system's tar. @throws EngineInstallError (`download`) */
export async function unpackTar(
  { environment, signal }: InstallContext,
  archive: string,
  args: readonly string[],
): Promise<void> {
  const result = await runProgram("tar", ["-xzf", archive, ...args], { environment, signal });
  if (result?.code === 0) return;
  throw new EngineInstallError(
    `${archive} cannot be unpacked: ${result === null ? "there is no tar" : result.lastLines}`,
    { step: "download" },
  );
}

async function writeStandIn(modules: string, name: string, code: string): Promise<void> {
  const folder = join(modules, name);
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, "package.json"),
    `${JSON.stringify({ name, version: "0.0.0", main: "index.js" })}\n`,
  );
  await writeFile(join(folder, "index.js"), code);
}
