import { parentPort, workerData } from "node:worker_threads";
import { type AugmentationV1, DataSourceError } from "@blockwise/spec";
import { indicesOf } from "./epoch-plan.js";
import { type BatchMaterial, fillBatch, SampleFailure } from "./fill-batch.js";
import { openReader } from "./open-reader.js";
import { slotOf } from "./slot-ring.js";
import { isCalledOff, markFilled, noteSample, takeBatch, waitForSlot } from "./slot-states.js";
import type { EpochRequest, WorkerReport, WorkerSetup } from "./worker-protocol.js";

const setup = workerData as WorkerSetup;

const augmentation = await setUp("augmentation", makeAugmentation);
const reader = await setUp("reader", () => openReader(setup.store));
if (augmentation !== null && reader !== null) {
  const { size, key, brokenImages } = setup;
  const material = { reader, size, augmentation, key, brokenImages };
  parentPort?.on("message", async (request: EpochRequest) => {
    try {
      await makeEpoch(material, request);
    } catch (error) {
      reportFailure(error);
    }
    report({ type: "idle" });
  });
}

async function setUp<Part>(part: "augmentation" | "reader", make: () => Promise<Part>): Promise<Part | null> {
  try {
    return await make();
  } catch (error) {
    report({ type: "setup-failed", part, error: toPlainError(error) });
    return null;
  }
}

async function makeAugmentation(): Promise<AugmentationV1> {
  const { module, exportName } = setup.recipe;
  const factory: unknown = (await import(module))[exportName];
  if (typeof factory !== "function") throw new TypeError(`${module} exports no function "${exportName}"`);
  return factory(setup.options);
}

/** Makes batches until none is left; sleeps when all slots are full. */
async function makeEpoch(material: BatchMaterial, { plan, states }: EpochRequest): Promise<void> {
  const goesOn = (sample: number): boolean => {
    noteSample(states, setup.worker, sample);
    return !isCalledOff(states);
  };
  for (let batch = takeBatch(states); batch < plan.end; batch = takeBatch(states)) {
    if (!waitForSlot(states, batch)) return;
    const begin = performance.now();
    const indices = indicesOf(plan, batch);
    await fillBatch(material, {
      epoch: plan.epoch,
      firstPlace: batch * plan.batchSize,
      indices,
      slot: slotOf(setup.ring, batch),
      goesOn,
      onBroken: (image) => report({ type: "broken", image }),
    });
    markFilled(states, batch);
    report({ type: "filled", images: indices.length, busyMs: performance.now() - begin });
  }
}

function reportFailure(error: unknown): void {
  if (error instanceof SampleFailure) {
    const { sample, view, cause } = error;
    report({ type: "sample-failed", sample, view, error: toPlainError(cause) });
  } else if (DataSourceError.isInstance(error) && "source" in error) {
    report({ type: "source-failed", message: error.message, source: String(error.source) });
  } else {
    throw error;
  }
}

function report(message: WorkerReport): void {
  parentPort?.postMessage(message);
}

/** Errors may carry what cannot be sent to another thread; message, stack and name always can. */
function toPlainError(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const plain = new Error(error.message);
  plain.name = error.name;
  if (error.stack !== undefined) plain.stack = error.stack;
  return plain;
}
