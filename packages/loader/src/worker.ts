import { parentPort, workerData } from "node:worker_threads";
import type { AugmentationV1 } from "@blockwise/spec";
import { indicesOf } from "./epoch-plan.js";
import { fillBatch, SampleFailure } from "./fill-batch.js";
import { slotOf } from "./slot-ring.js";
import { isCalledOff, markFilled, noteSample, takeBatch, waitForSlot } from "./slot-states.js";
import type { EpochRequest, WorkerReport, WorkerSetup } from "./worker-protocol.js";

const setup = workerData as WorkerSetup;

try {
  const augmentation = await makeAugmentation();
  parentPort?.on("message", (request: EpochRequest) => {
    try {
      makeEpoch(augmentation, request);
    } catch (error) {
      if (!(error instanceof SampleFailure)) throw error;
      report({
        type: "sample-failed",
        sample: error.sample,
        view: error.view,
        error: toPlainError(error.cause),
      });
    }
    report({ type: "idle" });
  });
} catch (error) {
  report({ type: "setup-failed", error: toPlainError(error) });
}

async function makeAugmentation(): Promise<AugmentationV1> {
  const { module, exportName } = setup.recipe;
  const factory: unknown = (await import(module))[exportName];
  if (typeof factory !== "function") throw new TypeError(`${module} exports no function "${exportName}"`);
  return factory(setup.options);
}

/** Makes batches until none is left; sleeps when all slots are full. */
function makeEpoch(augmentation: AugmentationV1, { plan, states }: EpochRequest): void {
  const material = { packed: setup.packed, augmentation, key: setup.key };
  const goesOn = (sample: number): boolean => {
    noteSample(states, setup.worker, sample);
    return !isCalledOff(states);
  };
  for (let batch = takeBatch(states); batch < plan.end; batch = takeBatch(states)) {
    if (!waitForSlot(states, batch)) return;
    fillBatch(material, plan.epoch, indicesOf(plan, batch), slotOf(setup.ring, batch), goesOn);
    markFilled(states, batch);
    report({ type: "filled" });
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
