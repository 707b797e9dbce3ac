import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { EngineInstallError } from "@blockwise/spec";
import { addonPackage, addonPath } from "./fetch-packages.js";
import type { InstallContext, TensorFlowLibrary } from "./install-context.js";
import { findProgram, runProgram } from "./run-program.js";

/** The C++ compiler. @throws EngineInstallError (`compiler`) */
export async function requireCompiler({ environment, signal }: InstallContext): Promise<string> {
  const { CXX: named } = environment;
  const candidates = named ? [named] : ["c++", "g++", "clang++"];
  const compiler = await findProgram(candidates, ["--version"], { environment, signal });
  if (compiler !== null) return compiler;
  throw new EngineInstallError(
    `There is no C++ compiler (${candidates.join(", ")}), by which tfjs-node's addon is built: install one (Debian and ` +
      "Ubuntu: apt install g++; Fedora: dnf install gcc-c++), or name another one in the variable CXX.",
    { step: "compiler" },
  );
}

/**
 * Builds tfjs-node's addon against a TensorFlow. It has two files and uses Node's stable C interface alone, whose headers come
 * from npm: so a compiler is all that it takes, and one build does for all versions of Node.
 */
export async function buildAddon(
  { staging, environment, signal, note }: InstallContext,
  compiler: string,
  { libraries, includeFolder }: TensorFlowLibrary,
): Promise<void> {
  const modules = join(staging, "node_modules");
  const folder = join(modules, addonPackage);
  const addon = join(folder, addonPath);
  await mkdir(dirname(addon), { recursive: true });
  note(`building the addon with ${compiler}`);
  await makeThreadSafe(join(folder, "binding", "tfjs_backend.cc"));
  const includes = [
    join(modules, "node-api-headers", "include"),
    includeFolder,
    join(includeFolder, "external", "local_tsl"),
    join(includeFolder, "external", "local_xla"),
  ];
  const result = await runProgram(
    compiler,
    [
      ...["-std=c++17", "-O2", "-fPIC", "-shared", "-DNAPI_VERSION=8"],
      ...includes.map((include) => `-I${include}`),
      ...["binding/tfjs_backend.cc", "binding/tfjs_binding.cc", "-o", addonPath],
      ...libraries,
      ...searchPaths(addon, staging, libraries),
    ],
    { cwd: folder, environment, signal },
  );
  if (result?.code === 0) return;
  throw new EngineInstallError(
    `${compiler} cannot build tfjs-node's addon against this TensorFlow:\n${result?.lastLines ?? ""}`,
    { step: "build" },
  );
}

/**
 * The addon keeps names of attributes in a set that all threads share without a lock, which crashes where blocks learn in
 * threads: each thread gets a set of its own. Sources without such a set are left as they are.
 */
async function makeThreadSafe(source: string): Promise<void> {
  const code = await readFile(source, "utf8");
  await writeFile(
    source,
    code.replace("static std::set<std::string>", "static thread_local std::set<std::string>"),
  );
}

/** Where the addon finds the libraries: relative to itself if they are installed with it, since it is moved when it is done. */
function searchPaths(addon: string, staging: string, libraries: readonly string[]): readonly string[] {
  const folders = new Set(libraries.map(dirname));
  return [...folders].map((folder) => {
    const inside = !relative(staging, folder).startsWith("..");
    return `-Wl,-rpath,${inside ? `$ORIGIN/${relative(dirname(addon), folder)}` : folder}`;
  });
}
