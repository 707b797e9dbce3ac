import { parentPort, workerData } from "node:worker_threads";
import type { BlockFeaturesV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { SharedBatchPart } from "../batch-workers/batch-part.js";
import { describeLearning } from "../trainer/describe-configuration.js";
import { stepNetwork } from "../trainer/step-network.js";
import { createPart, type Network } from "../wiring/network.js";
import {
  type BlockWorkerData,
  type BlockWorkerOrder,
  type BlockWorkerReport,
  noteWork,
  type ShownFeatures,
  type StepOrder,
} from "./block-worker-protocol.js";
import type { BlockWorkerPlugins } from "./block-workers-options.js";
import { read, waitUntilFree, write } from "./link.js";
import {
  memoryOf,
  type PackedTensor,
  packBlock,
  packTensor,
  tensorsOf,
  unpackBlock,
} from "./packed-block.js";

const data = workerData as BlockWorkerData;
const shown: ShownFeatures[] = [];
const part = data.batch === null ? null : new SharedBatchPart(data.batch, data.worker);

const network = await setUp();
if (network !== null) {
  parentPort?.on("message", (order: BlockWorkerOrder) => {
    try {
      follow(network, order);
    } catch (error) {
      report({ type: "failed", error: toPlainError(error) });
    }
  });
}

async function setUp(): Promise<Network | null> {
  const { recipe, worker, workerCount, threads, blocks, observed } = data;
  try {
    const make: unknown = (await import(recipe.module))[recipe.exportName];
    if (typeof make !== "function") {
      throw new TypeError(`${recipe.module} exports no function "${recipe.exportName}"`);
    }
    const plugins: BlockWorkerPlugins = await make(recipe.options, { worker, workerCount, threads });
    const options = { ...plugins, ...data.network };
    const own = createPart(options, (block) => blocks.includes(block), part);
    if (observed) for (const learner of own.learners) learner.observe(show);
    report({ type: "ready", learning: describeLearning(options) });
    return own;
  } catch (error) {
    report({ type: "setup-failed", error: toPlainError(error) });
    return null;
  }
}

function follow({ learners }: Network, order: BlockWorkerOrder): void {
  switch (order.type) {
    case "state":
      for (const packed of order.blocks) {
        const learner = learners.find(({ definition }) => definition.index === packed.block);
        if (learner !== undefined) unpackBlock(learner, packed);
      }
      return;
    case "snapshot": {
      const blocks = learners.map(packBlock);
      report({ type: "snapshot", blocks }, memoryOf(tensorsOf(blocks)));
      return;
    }
    case "step":
      step(learners, order);
  }
}

function step(learners: Network["learners"], order: StepOrder): void {
  const { runStep, inputShape, inputPlace, outputPlace, keepOutputsOf, ...request } = order;
  noteWork(data.work, null, runStep);
  const size = inputShape.reduce((product, length) => product * length, 1);
  const arrived = read(data.input, inputPlace, order.views, size);
  report({ type: "taken" });
  const begin = performance.now();
  const waitedBefore = part?.waitedMs ?? 0;
  let waited = 0;
  let frozenOutputs: PackedTensor[] | null = null;
  const views = arrived.map((values) => tf.tensor(values, [...inputShape]));
  const labels = order.labels === null ? null : tf.tensor1d(order.labels, "int32");
  try {
    const reports = stepNetwork(
      { learners },
      {
        ...request,
        seed: data.network.seed,
        views,
        labels,
        onBlock: (block) => noteWork(data.work, block, runStep),
        onFrozenOutputs: (block, outputs) => {
          if (block === keepOutputsOf) frozenOutputs = outputs.map(packTensor);
        },
        onHandedOn: (outputs) => {
          if (data.output === null || outputPlace === null) return;
          noteWork(data.work, null, runStep);
          const start = performance.now();
          waitUntilFree(data.output, outputPlace);
          waited = performance.now() - start;
          write(
            data.output,
            outputPlace,
            outputs.map((output) => output.dataSync<"float32">()),
          );
        },
      },
    );
    const features = shown.splice(0);
    const copies = [...(frozenOutputs ?? []), ...features.flatMap(({ map, feature }) => [map, feature])];
    report(
      {
        type: "stepped",
        reports,
        counters: learners.map(({ definition, counters }) => ({ block: definition.index, counters })),
        features,
        frozenOutputs,
        busyMs: performance.now() - begin - waited - ((part?.waitedMs ?? 0) - waitedBefore),
      },
      memoryOf(copies),
    );
  } finally {
    tf.dispose(views);
    labels?.dispose();
  }
  noteWork(data.work, null, runStep);
}

function show({ block, map, feature }: BlockFeaturesV1): void {
  shown.push({ block, map: packTensor(map), feature: packTensor(feature) });
}

function report(message: BlockWorkerReport, transferred: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transferred);
}

/** Errors may carry what cannot be sent to another thread; message, stack and name always can. */
function toPlainError(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const plain = new Error(error.message);
  plain.name = error.name;
  if (error.stack !== undefined) plain.stack = error.stack;
  return plain;
}
