import * as tf from "@tensorflow/tfjs-core";
import { version_core } from "@tensorflow/tfjs-core";
import type { EngineName } from "./create-engine.js";
import {
  describeOrigin,
  kernelThreads,
  loadNativeKernels,
  nativeKernelsPackage,
} from "./native/native-library.js";
import {
  loadNativeTensorFlow,
  type NativeAvailability,
  type NativeEngineName,
  nativePackages,
  nativePreference,
  nativeThreads,
} from "./optional/native-tensorflow.js";
import { loadWebgpu } from "./optional/webgpu.js";
import { defaultMemoryBudgetBytes } from "./wasm/wasm-engine.js";

/** One engine as found on this machine. */
export interface EngineStatus {
  /** The name to choose it by. */
  readonly name: Exclude<EngineName, "auto">;
  /** Whether it is installed and starts on this machine. */
  readonly available: boolean;
  /** Version of the package behind it; null where it is not installed. */
  readonly version: string | null;
  /** Threads one operation runs on; null where unknown. */
  readonly threads: number | null;
  /** What tensors may take at most in bytes; null where only the system limits it. */
  readonly memoryLimitBytes: number | null;
  /** What it runs on, or why it cannot be used. */
  readonly detail: string;
  /** What to do to get it; null where it is there. */
  readonly howToGet: string | null;
}

/** All engines, and which one `"auto"` takes. */
export interface EngineReport {
  /** Every engine, installed or not. */
  readonly engines: readonly EngineStatus[];
  /** The engine that `"auto"` takes on this machine, and why, for people. */
  readonly automatic: { readonly name: Exclude<EngineName, "auto">; readonly reason: string };
}

/**
 * Tries every engine. Native packages that load stay loaded; the active backend is afterwards what it was before.
 *
 * @example
 * const { automatic } = await inspectEngines();
 * console.log(`${automatic.name}: ${automatic.reason}`);
 */
export async function inspectEngines(): Promise<EngineReport> {
  const active = tf.getBackend();
  const native = new Map<NativeEngineName, EngineStatus>();
  let loaded: NativeEngineName | null = null;
  for (const name of nativePreference) {
    // Both packages register the same backend, so only one of them can be loaded in a process.
    const status =
      loaded === null ? nativeStatus(name, await loadNativeTensorFlow(name)) : shadowed(name, loaded);
    if (status.available) loaded ??= name;
    native.set(name, status);
  }
  const kernels = await kernelsStatus();
  const webgpu = await webgpuStatus();
  if (active !== undefined && active !== "" && tf.getBackend() !== active) await tf.setBackend(active);
  return {
    engines: [...native.values(), kernels, wasmStatus(), webgpu, cpuStatus()],
    automatic: automaticEngine(loaded, kernels.available),
  };
}

function automaticEngine(loaded: NativeEngineName | null, kernels: boolean): EngineReport["automatic"] {
  if (kernels && loaded !== "node-gpu") {
    return { name: "native", reason: `${nativeKernelsPackage} loads, and is the fastest without a GPU` };
  }
  return loaded === null
    ? { name: "wasm", reason: "no native package loads, and wasm needs nothing else" }
    : { name: loaded, reason: `${nativePackages[loaded]} loads, and is preferred to wasm` };
}

async function kernelsStatus(): Promise<EngineStatus> {
  const found = await loadNativeKernels();
  return {
    name: "native",
    available: found.available,
    version: found.version,
    threads: kernelThreads(),
    memoryLimitBytes: defaultMemoryBudgetBytes,
    detail: found.available
      ? `native kernels on the wasm heap, ${found.library.instructions()[0]}, ${describeOrigin(found.origin)}`
      : found.reason,
    howToGet: found.available ? null : found.howToGet,
  };
}

function nativeStatus(name: NativeEngineName, found: NativeAvailability): EngineStatus {
  const shared = { name, memoryLimitBytes: null, threads: nativeThreads() };
  if (found.available) {
    return { ...shared, available: true, version: found.version, detail: found.label, howToGet: null };
  }
  const { version, reason } = found;
  return {
    ...shared,
    available: false,
    version,
    detail: reason,
    howToGet: nativeHint(name, reason),
  };
}

function nativeHint(name: NativeEngineName, reason: string): string {
  const command = `blockwise engine install${name === "node-gpu" ? " --gpu" : ""}`;
  const needs =
    name === "node-gpu"
      ? "needs Linux, an NVIDIA GPU with its driver, and some 5 GB of wheels"
      : "needs Linux, Python with pip and a C++ compiler; fetches some 280 MB";
  return `${command}${reason.includes("is installed, but") ? " --force" : ""} (${needs})`;
}

function shadowed(name: NativeEngineName, loaded: NativeEngineName): EngineStatus {
  return {
    name,
    available: false,
    version: null,
    threads: nativeThreads(),
    memoryLimitBytes: null,
    detail: `not tried, since ${nativePackages[loaded]} is loaded and a process can hold only one of them`,
    howToGet: null,
  };
}

async function webgpuStatus(): Promise<EngineStatus> {
  const found = await loadWebgpu();
  return {
    name: "webgpu",
    available: found.available,
    version: found.version,
    threads: null,
    memoryLimitBytes: null,
    detail: found.available ? found.adapter : found.reason,
    howToGet: found.available
      ? null
      : "npm install webgpu @tensorflow/tfjs-backend-webgpu (needs a GPU with a Vulkan, Metal or Direct3D 12 driver)",
  };
}

function wasmStatus(): EngineStatus {
  return {
    name: "wasm",
    available: true,
    version: version_core,
    threads: 1,
    memoryLimitBytes: defaultMemoryBudgetBytes,
    detail: "WebAssembly SIMD with training kernels; several processes or workers use several cores",
    howToGet: null,
  };
}

function cpuStatus(): EngineStatus {
  return {
    name: "cpu",
    available: true,
    version: version_core,
    threads: 1,
    memoryLimitBytes: null,
    detail: "plain JavaScript, for checking other engines: some hundred times slower than wasm",
    howToGet: null,
  };
}
