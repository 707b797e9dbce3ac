import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { InstallSurroundings } from "../install-engine.js";
import type { PinnedPackage, PinnedSources } from "../pinned-sources.js";
import { storedZip } from "./stored-zip.js";

/** What is wrong with the engine that comes out of an installation. */
export type Defect = "none" | "wrong" | "crash";

/** A machine with an npm, a Python and a registry of its own, which serve stand-ins of a few bytes. */
export interface StubMachine {
  readonly root: string;
  /** Where engines are put. */
  readonly engines: string;
  readonly surroundings: InstallSurroundings;
  /** The wheel that pip serves. */
  readonly wheel: string;
  /** A folder with the library as TensorFlow's archives lay it out. */
  readonly libraryFolder: string;
  /** What npm and Python were asked for. */
  calls(): readonly string[];
  /** All files of the engines' folder with their checksums. */
  snapshot(): Readonly<Record<string, string>>;
  remove(): void;
}

/** The compiler's name, or null where there is none. */
export const compiler: string | null = ["c++", "g++", "clang++"].find((name) => runs(name)) ?? null;

const here = createRequire(import.meta.url);

/** Makes such a machine in a temporary folder. */
export function makeStubMachine(defect: Defect = "none", hasGpu = false): StubMachine {
  const root = mkdtempSync(join(tmpdir(), "blockwise-install-"));
  const engines = join(root, "engines");
  const libraryFolder = join(root, "library");
  buildLibrary(libraryFolder);
  const wheel = join(root, "wheels", "tensorflow_cpu-2.99.0-cp311-none-any.whl");
  mkdirSync(dirname(wheel));
  writeFileSync(wheel, wheelOf(libraryFolder));
  const packages = [
    packPackage(root, "@tensorflow/tfjs-node", "4.22.0", tfjsNode(defect, hasGpu)),
    packPackage(root, "node-api-headers", "1.0.0", { "include/node_api.h": "" }),
  ];
  const log = join(root, "calls.log");
  writeFileSync(log, "");
  writePrograms(root, log);
  const wheels = {
    tensorflow: "2.99.0",
    python: { version: "3.11", abi: "cp311", platforms: ["any"] },
    diskBytes: 1,
    wheels: [{ name: "tensorflow-cpu", version: "2.99.0", sha256: sha256(readFileSync(wheel)) }],
  };
  const sources: PinnedSources = {
    packages,
    wheels: { cpu: { "linux-x64": wheels }, gpu: { "linux-x64": wheels } },
    official: { cpu: {}, gpu: {} },
  };
  return {
    root,
    engines,
    wheel,
    libraryFolder,
    surroundings: {
      sources,
      platform: "linux-x64",
      glibc: "2.36",
      hasNvidiaDriver: hasGpu,
      environment: { PATH: `${join(root, "bin")}:${process.env.PATH}`, HOME: root },
    },
    calls: () => readFileSync(log, "utf8").split("\n").filter(Boolean),
    snapshot: () => snapshotOf(engines),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

function runs(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** `lib/libtensorflow_cc.so.2` with one function, and the header that names it. */
function buildLibrary(folder: string): void {
  mkdirSync(join(folder, "lib"), { recursive: true });
  mkdirSync(join(folder, "include", "tensorflow", "c"), { recursive: true });
  writeFileSync(join(folder, "include", "tensorflow", "c", "c_api.h"), 'extern "C" const char* TF_Version();\n');
  const source = join(folder, "library.cc");
  writeFileSync(source, 'extern "C" const char* TF_Version() { return "2.99.0"; }\n');
  const name = "libtensorflow_cc.so.2";
  execFileSync(compiler ?? "c++", ["-shared", "-fPIC", `-Wl,-soname,${name}`, source, "-o", join(folder, "lib", name)]);
  rmSync(source);
}

function wheelOf(libraryFolder: string): Buffer {
  const files = {
    "tensorflow/libtensorflow_cc.so.2": readFileSync(join(libraryFolder, "lib", "libtensorflow_cc.so.2")),
    "tensorflow/include/tensorflow/c/c_api.h": readFileSync(
      join(libraryFolder, "include", "tensorflow", "c", "c_api.h"),
    ),
    "tensorflow/python/large.so": Buffer.from("not needed"),
  };
  return wheelWith(files);
}

/** A wheel of the given files, with a RECORD of what they are said to be. */
export function wheelWith(
  files: Readonly<Record<string, Buffer>>,
  recorded: Readonly<Record<string, Buffer>> = files,
): Buffer {
  const record = Object.entries(recorded).map(
    ([name, data]) => `${name},sha256=${createHash("sha256").update(data).digest("base64url")},${data.length}\n`,
  );
  return storedZip({ ...files, "tensorflow_cpu-2.99.0.dist-info/RECORD": Buffer.from(record.join("")) });
}

/** Stands in for tfjs-node: an addon that needs the library, and the plain JavaScript backend under TensorFlow's name. */
function tfjsNode(defect: Defect, hasGpu: boolean): Readonly<Record<string, string>> {
  const wrong = `
const kernel = tf.getKernel("Conv2DBackpropFilter", "tensorflow");
tf.unregisterKernel("Conv2DBackpropFilter", "tensorflow");
tf.registerKernel({ ...kernel, kernelFunc: (call) => tf.add(tf.engine().makeTensorFromTensorInfo(kernel.kernelFunc(call)), 1) });`;
  return {
    "binding/tfjs_backend.cc": '#include <set>\n#include <string>\n#include <tensorflow/c/c_api.h>\nstatic std::set<std::string> NAMES;\nconst char* version() { NAMES.insert("a"); return TF_Version(); }\n',
    "binding/tfjs_binding.cc":
      'const char* version();\nextern "C" void* napi_register_module_v1(void*, void* exports) { version(); return exports; }\n',
    "dist/index.js": `
const tf = require("@tensorflow/tfjs");
require(require("@mapbox/node-pre-gyp").find(require("path").resolve(__dirname, "../package.json")));
${defect === "crash" ? "process.abort();" : ""}
const { MathBackendCPU } = require(${JSON.stringify(here.resolve("@tensorflow/tfjs-backend-cpu"))});
tf.copyRegisteredKernels("cpu", "tensorflow");
class Backend extends MathBackendCPU {
  binding = { TF_Version: "2.99.0", isUsingGpuDevice: () => ${hasGpu} };
}
tf.registerBackend("tensorflow", () => new Backend());
${defect === "wrong" ? wrong : ""}`,
  };
}

function packPackage(
  root: string,
  name: string,
  version: string,
  files: Readonly<Record<string, string>>,
): PinnedPackage {
  const folder = join(root, "npm", name.replace("/", "-"));
  const all = { "package.json": JSON.stringify({ name, version, main: "dist/index.js" }), ...files };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, "package", path)), { recursive: true });
    writeFileSync(join(folder, "package", path), text);
  }
  const archive = join(root, "npm", `${name.replace("/", "-")}-${version}.tgz`);
  execFileSync("tar", ["-czf", archive, "-C", folder, "package"]);
  const integrity = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
  return { name, version, integrity };
}

/** `npm pack NAME@VERSION --ignore-scripts --pack-destination FOLDER` and `python3 -m pip download … --dest FOLDER …`. */
function writePrograms(root: string, log: string): void {
  const bin = join(root, "bin");
  mkdirSync(bin);
  const npm = `#!/bin/sh
echo "npm $*" >> '${log}'
file=$(echo "$2" | sed 's/\\(.\\)@/\\1-/; s|/|-|')
cp '${root}/npm/'"$file".tgz "$5"`;
  const python = `#!/bin/sh
[ "$3" = "--version" ] && exit 0
echo "pip $*" >> '${log}'
[ -e '${root}/hang' ] && exec sleep 60
while [ "$1" != "--dest" ]; do shift; done
cp '${root}/wheels/'*.whl "$2"`;
  for (const [name, script] of Object.entries({ npm, python3: python })) {
    writeFileSync(join(bin, name), `${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
}

/** A machine whose programs are only those named. */
export function withoutProgram(machine: StubMachine, ...missing: readonly string[]): InstallSurroundings {
  const bin = join(machine.root, "bin-less");
  cpSync(join(machine.root, "bin"), bin, { recursive: true });
  for (const name of ["sh", "cp", "sed", "tar", "gzip", "sleep", "c++", "as", "ld", "echo"]) {
    const path = execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
    if (path.startsWith("/")) writeFileSync(join(bin, name), `#!/bin/sh\nexec ${path} "$@"\n`, { mode: 0o755 });
  }
  for (const name of missing) rmSync(join(bin, name));
  return { ...machine.surroundings, environment: { PATH: bin, HOME: machine.root } };
}

function snapshotOf(folder: string): Readonly<Record<string, string>> {
  const files: Record<string, string> = {};
  const visit = (place: string, name: string): void => {
    for (const entry of readdirSync(place, { withFileTypes: true })) {
      const path = join(place, entry.name);
      const inside = name === "" ? entry.name : `${name}/${entry.name}`;
      if (entry.isDirectory()) visit(path, inside);
      else files[inside] = sha256(readFileSync(path));
    }
  };
  visit(folder, "");
  return files;
}

function sha256(data: Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}
