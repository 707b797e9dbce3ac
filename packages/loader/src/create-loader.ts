import { InvalidOptionError } from "@blockwise/spec";
import type { BatchProducer } from "./batch-producer.js";
import { orderEpoch } from "./epoch-order.js";
import { countBatches, type EpochPlan, indicesOf } from "./epoch-plan.js";
import { InputTally, type LoaderReport } from "./input-tally.js";
import { checkInteger, type LoaderOptions, resolveLoaderOptions } from "./loader-options.js";
import { makeMainThreadProducer } from "./main-thread-producer.js";
import { closeGaps, makeSlotRing, type SlotRing, slotOf } from "./slot-ring.js";
import { makeWorkerProducer } from "./worker-producer.js";

/** The views of some images. */
export interface Batch {
  /** The epoch it belongs to, from 0. */
  readonly epoch: number;
  /** The batch's place in the epoch, from 0. */
  readonly step: number;
  /**
   * The images' places in the source, `[batch]`. Where an epoch is shuffled, other images stand in for broken ones; else
   * these are left out, and the batch is that much smaller.
   */
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
  /** Batches in an epoch; with `dropLast`, the smaller one at its end does not count. */
  readonly batchesPerEpoch: number;
  /** Milliseconds that iteration has waited for batches so far, over all epochs. */
  readonly waitMs: number;
  /** Speed, waiting and broken images so far. */
  report(): LoaderReport;
  /**
   * The batches of an epoch in order, from `startBatch` on; the same bytes with any number of workers and wherever
   * iteration begins. One epoch at a time; leaving the loop calls the rest off.
   *
   * Throws while iterating: DataSourceError when a sample cannot be made into a view or a worker dies, after which
   * only `close` is of use, and when more images are broken than the source allows; InvalidOptionError when a batch is still held whose
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
 * The order of an epoch is drawn under `key` folded with "order" and the epoch (see `orderEpoch`); the random numbers of a view
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
  const { source, augmentation, batchSize, key, workers, prefetch, shuffle, dropLast } = resolved;
  const batches = countBatches(source.size, batchSize, dropLast);
  // One slot more than is made ahead: that of the batch in use.
  const ring = makeSlotRing(
    Math.min(prefetch, batches) + 1,
    augmentation.views,
    batchSize,
    augmentation.shape,
  );
  const tally = new InputTally(source);
  const producer = makeProducer(resolved, ring, tally);
  const slotCount = ring.slots.length;
  /** By step. */
  const held = new Map<number, Batch>();
  let waitMs = 0;
  let state: "free" | "iterating" | "closed" = "free";

  async function* iterate(epoch: number, start: number): AsyncGenerator<Batch, void, void> {
    if (state !== "free") throw busyError(epoch, state);
    state = "iterating";
    try {
      const order = orderEpoch(key, epoch, source, shuffle);
      const plan: EpochPlan = { epoch, order, batchSize, start, end: batches };
      // Batches of the last epoch lose their memory here, so their release must no longer count.
      held.clear();
      producer.begin(plan);
      for (let step = start; step < batches; step++) {
        if (held.has(step - slotCount)) throw heldError(prefetch, step - slotCount);
        const begin = performance.now();
        await producer.produce(step);
        waitMs += performance.now() - begin;
        if (isClosed()) throw busyError(epoch, "closed");
        const batch = takeBatch(plan, step);
        if (batch === null) producer.release(step);
        else yield batch;
      }
      await producer.end();
      const failure = producer.failure();
      if (failure !== null) throw failure;
    } finally {
      await producer.end();
      if (!isClosed()) state = "free";
    }
  }

  // Assignments during an await are invisible to the type checker.
  const isClosed = (): boolean => state === "closed";

  /** Null when all of its images are left out. */
  function takeBatch(plan: EpochPlan, step: number): Batch | null {
    const { indices, views } = closeGaps(
      slotOf(ring, step),
      indicesOf(plan, step).length,
      augmentation.shape,
    );
    if (indices.length === 0) return null;
    const labels = source.labels;
    const batch: Batch = {
      epoch: plan.epoch,
      step,
      indices,
      views,
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
    report: () => tally.report(workers, waitMs),
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
  { source, augmentation, key, workers, shuffle }: Required<LoaderOptions>,
  ring: SlotRing,
  tally: InputTally,
): BatchProducer {
  const { store, size } = source;
  // What is scored is scored once: nothing stands in for a broken image there.
  const brokenImages = shuffle ? "replace" : "omit";
  const recipe = augmentation.workerRecipe;
  if (workers === 0 || recipe === undefined) {
    return makeMainThreadProducer(source, { size, augmentation, key, brokenImages }, ring, tally);
  }
  return makeWorkerProducer(
    source,
    { store, size, recipe, options: augmentation.options, key, ring, brokenImages },
    workers,
    tally,
  );
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
