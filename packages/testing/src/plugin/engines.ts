import type { EngineV1 } from "@blockwise/spec";
import { it } from "vitest";
import { useCpuBackend } from "../use-cpu-backend.js";

/** The engines that a plugin can be tried on. */
export type TestEngineName = "cpu" | "native" | "wasm" | "node" | "node-gpu" | "webgpu";

/** Where a plugin is tried, besides on the reference operations. */
export interface EngineChoice {
  /** `createEngine` of `@blockwise/engine`. Without it, only the reference operations are tried. */
  createEngine?(options: { readonly name: TestEngineName }): Promise<EngineV1>;
  /** @default ["cpu", "wasm"], which run everywhere */
  readonly engines?: readonly TestEngineName[];
}

/** Defines one test for each engine: `compare` gets it as the active one; the cpu backend is active again after. */
export function itOnEngines(
  { createEngine, engines = ["cpu", "wasm"] }: EngineChoice,
  title: string,
  compare: (makeEngine: () => Promise<EngineV1>) => Promise<void>,
): void {
  if (createEngine === undefined) return;
  for (const name of engines) {
    it(`${title} ${name}`, async () => {
      try {
        await compare(() => createEngine({ name }));
      } finally {
        await useCpuBackend();
      }
    });
  }
}
