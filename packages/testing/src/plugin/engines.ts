import { BlockwiseError, type EngineV1 } from "@blockwise/spec";
import { it } from "vitest";
import { useCpuBackend } from "../use-cpu-backend.js";

/** The engines that a plugin can be tried on. */
export type TestEngineName = "cpu" | "native" | "wasm" | "node" | "node-gpu" | "webgpu";

/** Where a plugin is tried, besides on the reference operations. */
export interface EngineChoice {
  /** `createEngine` of `@blockwise/engine`. Without it, only the reference operations are tried. */
  createEngine?(options: { readonly name: TestEngineName }): Promise<EngineV1>;
  /** @default ["cpu", "wasm"], which run everywhere, and of "node" and "node-gpu" what is installed */
  readonly engines?: readonly TestEngineName[];
}

/** Engines that are there or not. Others that may be ("webgpu") give no numbers at once, as the checks read them. */
const optionalEngines: readonly TestEngineName[] = ["node", "node-gpu"];

/** Defines one test for each engine: `compare` gets it as the active one; the cpu backend is active again after. */
export function itOnEngines(
  { createEngine, engines }: EngineChoice,
  title: string,
  compare: (makeEngine: () => Promise<EngineV1>) => Promise<void>,
): void {
  if (createEngine === undefined) return;
  const compareOn = async (name: TestEngineName): Promise<void> => {
    try {
      await compare(() => createEngine({ name }));
    } finally {
      await useCpuBackend();
    }
  };
  for (const name of engines ?? ["cpu", "wasm"]) it(`${title} ${name}`, () => compareOn(name));
  if (engines !== undefined) return;
  it(`${title}s that are installed besides: ${optionalEngines.join(", ")}`, async () => {
    for (const name of optionalEngines) if (await isThere(createEngine, name)) await compareOn(name);
  });
}

/** Whether an engine can be made; what fails for another reason is a fault. */
async function isThere(
  createEngine: NonNullable<EngineChoice["createEngine"]>,
  name: TestEngineName,
): Promise<boolean> {
  try {
    await createEngine({ name });
    return true;
  } catch (error) {
    if (BlockwiseError.isInstance(error) && error.code === "BLOCKWISE_ENGINE_UNAVAILABLE") return false;
    throw error;
  } finally {
    await useCpuBackend();
  }
}
