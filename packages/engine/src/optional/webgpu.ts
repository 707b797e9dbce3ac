import { findPackage, loadPackage, searchPlaces } from "./optional-package.js";

/** Whether the webgpu engine can be used, and if not, why. */
export type WebgpuAvailability =
  | { readonly available: true; readonly version: string; readonly adapter: string }
  | { readonly available: false; readonly version: string | null; readonly reason: string };

interface WebgpuModule {
  create(options: string[]): Gpu;
  readonly globals: Record<string, unknown>;
}

interface Gpu {
  requestAdapter(): Promise<{ readonly info?: { vendor?: string; description?: string } } | null>;
}

// Dawn stops working once its GPU object is collected.
let gpu: Gpu | undefined;

/** Loads Dawn (npm `webgpu`) as `navigator.gpu` and TensorFlow.js's backend for it. */
export async function loadWebgpu(places: readonly string[] = searchPlaces()): Promise<WebgpuAvailability> {
  const dawn = findPackage("webgpu", places);
  if (!dawn.installed) return { available: false, version: null, reason: "webgpu is not installed" };
  const backend = findPackage("@tensorflow/tfjs-backend-webgpu", places);
  if (!backend.installed) {
    return {
      available: false,
      version: dawn.version,
      reason: "@tensorflow/tfjs-backend-webgpu is not installed",
    };
  }
  try {
    if (gpu === undefined) {
      const { create, globals } = (await loadPackage(dawn)) as WebgpuModule;
      Object.assign(globalThis, globals);
      gpu = create([]);
      showGpu(gpu);
    }
    const adapter = await gpu.requestAdapter();
    if (adapter === null) {
      return { available: false, version: dawn.version, reason: "Dawn finds no graphics adapter it can use" };
    }
    await loadPackage(backend);
    const { vendor, description } = adapter.info ?? {};
    return {
      available: true,
      version: backend.version,
      adapter: description || vendor || "unnamed adapter",
    };
  } catch (error) {
    const message = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    return { available: false, version: dawn.version, reason: `webgpu does not load: ${message}` };
  }
}

function showGpu(gpu: Gpu): void {
  const { navigator } = globalThis as { navigator?: object };
  // Node has a navigator since version 21.
  if (navigator !== undefined) Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true });
  else Object.defineProperty(globalThis, "navigator", { value: { gpu }, configurable: true, writable: true });
}
