import type { Batch, Loader } from "@blockwise/loader";
import { DataSourceError } from "@blockwise/spec";

/** Gives the batch of any step of the stream of views; steps in order cost no more than the loader's own epochs. */
export class BatchCursor {
  readonly #loader: Loader;
  #batches: AsyncIterator<Batch> | null = null;
  #next = 0;

  constructor(loader: Loader) {
    this.#loader = loader;
  }

  /**
   * The batch of a step, counted from 0 over all epochs; the caller releases it.
   *
   * @throws DataSourceError
   */
  async at(step: number): Promise<Batch> {
    const { batchesPerEpoch } = this.#loader;
    const start = step % batchesPerEpoch;
    if (this.#batches === null || step !== this.#next || start === 0) {
      await this.leave();
      const epoch = this.#loader.epoch(Math.floor(step / batchesPerEpoch), start);
      this.#batches = epoch[Symbol.asyncIterator]();
    }
    const { value, done } = await this.#batches.next();
    if (done === true) {
      throw new DataSourceError(`The loader's epoch ended before step ${step}, against its own count.`, {
        source: "loader",
      });
    }
    this.#next = step + 1;
    return value;
  }

  /** Calls off what the loader makes ahead. */
  async leave(): Promise<void> {
    const batches = this.#batches;
    this.#batches = null;
    await batches?.return?.();
  }
}
