import type { PluginCheck } from "../plugin/plugin-check.js";
import type { LayerUnderTest } from "./layer-under-test.js";

/** A layer under test, and what faults call it: `"unit layer1.0"`. */
export type NamedLayer = LayerUnderTest & { readonly name: string };

/** Runs a check on each layer. @throws Error that begins with the name of the layer that breaks the promise. */
export async function runOnLayers(
  { run }: PluginCheck<LayerUnderTest>,
  layers: readonly NamedLayer[],
): Promise<void> {
  for (const layer of layers) {
    try {
      await run(layer);
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error);
      throw new Error(`${layer.name}: ${fault}`, { cause: error });
    }
  }
}
