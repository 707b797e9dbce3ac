import { InvalidOptionError } from "@blockwise/spec";
import type { BatchProducer } from "./batch-producer.js";
import { countBatches, type EpochPlan, indicesOf, orderEpoch } from "./epoch-plan.js";
import { checkInteger, type LoaderOptions, resolveLoaderOptions } from "./loader-options.js";
import { makeMainThreadProducer } from "./main-thread-producer.js";
import { makeSlotRing, type SlotRing, sizeOf, slotOf } from "./slot-ring.js";
import { makeWorkerProducer } from "./worker-producer.js";

/** The views of some images. */
export interface Batch {
  readonly epoch: number;
  /** The batch's place in the epoch, from 0. */
  readonly step: number;
  /** The images' places in the source, `[batch]`. */
  readonly indices: Uint32Array;
  /** For each view `[batch, height, width, channels]`, flat; borrowed until `release`. */
  readonly views: readonly Float32Array[];
  /** `[batch]`; null for unlabelled images. */
  readonly labels: Int32Array | null;
  /** Gives the views' memory back to be filled again. A second call does nothing. */
  release(): void;
}

/** Gives the batches of epochs. */
export interface Loader {
  readonly batchesPerEpoch: number;
  /** Milliseconds that iteration has waited for batches so far, over all epochs. */
  readonly waitMs: number;
  /**
   * The batches of an epoch in order, from `startBatch` on; the same bytes with any number of workers and wherever
   * iteration begins. One epoch at a time; leaving the loop calls the rest off.
   *
   * Throws while iterating: DataSourceError when a sample cannot be made into a view or a worker dies, after which
   * only `close` is of use; InvalidOptionError when a batch is still held whose
   * memory is needed, `prefetch + 1` batches later.
   *
   * @param epoch - an integer of at least 0
   * @param startBatch - how many batches to leave out. @default 0
   * @throws InvalidOptionError for an epoch or a start out of range.
   */
  epoch(epoch: number, startBatch?: number): AsyncIterable<Batch>;
  /** Ends the worker threads; batches that are still held may no longer be used. */
  close(): Promise<void>;
}

/**
 * A loader of augmented batches, made by worker threads while the calling thread trains.
 *
 * The order of an epoch is a permutation under `key` folded with "order" and the epoch; the random numbers of a view
 * are under `key` folded with "augment", the epoch, the sample and the view.
 *
 * @throws InvalidOptionError for options out of range, or with which no batch can be made.
 * @example
 * const loader = createLoader({ source, augmentation, batchSize: 128, key: fold(rootKey(1), "loader") });
 * for await (const batch of loader.epoch(0)) {
 *   train(batch.views);
 *   batch.release();
 * }
 * await loader.close();
 */
export function createLoader(options: LoaderOptions): Loader {
  const resolved = resolveLoaderOptions(options);
  const { source, augmentation, batchSize, key, prefetch, shuffle, dropLast } = resolved;
  const batches = countBatches(source.size, batchSize, dropLast);
  // One slot more than is made ahead: that of the batch in use.
  const ring = makeSlotRing(
    Math.min(prefetch, batches) + 1,
    augmentation.views,
    batchSize,
    augmentation.shape,
  );
  const producer = makeProducer(resolved, ring);
  /** By step. */
  const held = new Map<number, Batch>();
  let waitMs = 0;
  let state: "free" | "iterating" | "closed" = "free";

  async function* iterate(epoch: number, start: number): AsyncGenerator<Batch, void, void> {
    if (state !== "free") throw busyError(epoch, state);
    state = "iterating";
    try {
      const order = orderEpoch(key, epoch, source.size, shuffle);
      const plan: EpochPlan = { epoch, order, batchSize, start, end: batches };
      // Batches of the last epoch lose their memory here, so their release must no longer count.
      held.clear();
      producer.begin(plan);
      for (let step = start; step < batches; step++) {
        if (held.has(step - ring.slots)) throw heldError(prefetch, step - ring.slots);
        const begin = performance.now();
        await producer.produce(step);
        waitMs += performance.now() - begin;
        if (isClosed()) throw busyError(epoch, "closed");
        yield takeBatch(plan, step);
      }
    } finally {
      await producer.end();
      if (!isClosed()) state = "free";
    }
  }

  // Assignments during an await are invisible to the type checker.
  const isClosed = (): boolean => state === "closed";

  function takeBatch(plan: EpochPlan, step: number): Batch {
    const indices = indicesOf(plan, step).slice();
    const labels = source.labels;
    const size = indices.length * sizeOf(augmentation.shape);
    const batch: Batch = {
      epoch: plan.epoch,
      step,
      indices,
      views: slotOf(ring, step).map((view) => view.subarray(0, size)),
      labels: labels === null ? null : Int32Array.from(indices, (index) => labels[index] as number),
      release: () => {
        if (held.get(step) !== batch) return;
        held.delete(step);
        producer.release(step);
      },
    };
    held.set(step, batch);
    return batch;
  }

  return {
    batchesPerEpoch: batches,
    get waitMs() {
      return waitMs;
    },
    epoch: (epoch, startBatch = 0) => {
      checkInteger("epoch", epoch, 0);
      checkInteger("startBatch", startBatch, 0, batches);
      return { [Symbol.asyncIterator]: () => iterate(epoch, startBatch) };
    },
    close: async () => {
      state = "closed";
      await producer.close();
    },
  };
}

function makeProducer(
  { source, augmentation, key, workers }: Required<LoaderOptions>,
  ring: SlotRing,
): BatchProducer {
  const { store: packed } = source;
  if (packed.kind !== "packed") {
    throw new InvalidOptionError({ option: "source", expected: "packed images", received: source.id });
  }
  const recipe = augmentation.workerRecipe;
  if (workers === 0 || recipe === undefined) {
    return makeMainThreadProducer(source, { packed, augmentation, key }, ring);
  }
  return makeWorkerProducer(source, { packed, recipe, options: augmentation.options, key, ring }, workers);
}

function busyError(epoch: number, state: "iterating" | "closed"): InvalidOptionError {
  return new InvalidOptionError({
    option: "epoch",
    expected:
      state === "closed" ? "iterated before the loader is closed" : "iterated when the last one has ended",
    received: epoch,
  });
}

function heldError(prefetch: number, step: number): InvalidOptionError {
  return new InvalidOptionError({
    option: "prefetch",
    expected: "at least the number of batches that follow a batch while it is held",
    received: prefetch,
    hint: `Batch ${step} has not been released. Call \`release()\` on each batch after its use.`,
  });
}
