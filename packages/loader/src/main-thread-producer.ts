import type { DataSourceV1 } from "@blockwise/spec";
import type { BatchProducer } from "./batch-producer.js";
import { type EpochPlan, indicesOf } from "./epoch-plan.js";
import { type BatchMaterial, fillBatch, SampleFailure } from "./fill-batch.js";
import { sampleError } from "./sample-error.js";
import { type SlotRing, slotOf } from "./slot-ring.js";

/** Makes each batch on the calling thread, when it is asked for. */
export function makeMainThreadProducer(
  source: DataSourceV1,
  material: BatchMaterial,
  ring: SlotRing,
): BatchProducer {
  let current: EpochPlan | null = null;
  return {
    begin: (plan) => {
      current = plan;
    },
    produce: async (batch) => {
      if (current === null) return;
      try {
        fillBatch(material, current.epoch, indicesOf(current, batch), slotOf(ring, batch), () => true);
      } catch (error) {
        if (!(error instanceof SampleFailure)) throw error;
        throw sampleError(source, error.sample, error.view, error.message, error.cause);
      }
    },
    release: () => {},
    end: async () => {
      current = null;
    },
    close: async () => {},
  };
}
