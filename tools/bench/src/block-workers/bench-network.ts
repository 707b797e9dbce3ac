import type { BlockWorkerPlace, BlockWorkerPlugins, NetworkRecipe } from "@blockwise/core";
import { createEngine, type EngineName } from "@blockwise/engine";
import { sgd } from "@blockwise/optim";
import type { EngineV1, JsonObject } from "@blockwise/spec";
import { describeModel, type Workload } from "../models.js";

const isSource = import.meta.url.endsWith(".ts");
const moduleUrl = new URL(isSource ? "../../dist/bench-network.js" : "./bench-network.js", import.meta.url);

/** The plugins of a workload's network, on an engine. */
export function workloadPlugins(workload: Workload, engine: EngineV1): BlockWorkerPlugins {
  const { backbone, head, projector, loss } = describeModel(workload);
  return { engine, backbone, head, projector, loss, optimizer: sgd({ momentum: 0.9, weightDecay: 0 }) };
}

/** How threads make them. */
export function workloadRecipe(workload: Workload, engine: EngineV1): NetworkRecipe {
  return {
    module: moduleUrl.href,
    exportName: "makeBenchNetwork",
    options: { workload: { ...workload }, engine: engine.id },
  };
}

/** Makes them in a thread. */
export async function makeBenchNetwork(
  { workload, engine }: JsonObject,
  { threads }: BlockWorkerPlace,
): Promise<BlockWorkerPlugins> {
  const own = await createEngine({ name: engine as EngineName, threads });
  return workloadPlugins(workload as unknown as Workload, own);
}
