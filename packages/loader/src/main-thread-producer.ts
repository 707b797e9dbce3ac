import type { DataSourceV1, ImageReader } from "@blockwise/spec";
import type { BatchProducer } from "./batch-producer.js";
import { type EpochPlan, indicesOf } from "./epoch-plan.js";
import { type BatchMaterial, fillBatch, SampleFailure } from "./fill-batch.js";
import type { InputTally } from "./input-tally.js";
import { openReader } from "./open-reader.js";
import { sampleError } from "./sample-error.js";
import { type SlotRing, slotOf } from "./slot-ring.js";

/** Makes each batch on the calling thread, when it is asked for. */
export function makeMainThreadProducer(
  source: DataSourceV1,
  material: Omit<BatchMaterial, "reader">,
  ring: SlotRing,
  tally: InputTally,
): BatchProducer {
  let current: EpochPlan | null = null;
  let reader: ImageReader | null = null;
  return {
    begin: (plan) => {
      current = plan;
    },
    produce: async (batch) => {
      if (current === null) return;
      const { epoch, batchSize } = current;
      const indices = indicesOf(current, batch);
      reader ??= await openReader(source.store);
      const begin = performance.now();
      try {
        await fillBatch(
          { ...material, reader },
          {
            epoch,
            firstPlace: batch * batchSize,
            indices,
            slot: slotOf(ring, batch),
            goesOn: () => true,
            onBroken: (image) => {
              const error = tally.addBroken(image);
              if (error !== null) throw error;
            },
          },
        );
      } catch (error) {
        if (!(error instanceof SampleFailure)) throw error;
        throw sampleError(source, error.sample, error.view, error.message, error.cause);
      }
      tally.addMade(indices.length, performance.now() - begin);
    },
    release: () => {},
    end: async () => {
      current = null;
    },
    // It is thrown when it happens.
    failure: () => null,
    close: async () => {
      await reader?.doClose();
      reader = null;
    },
  };
}
