/// <reference lib="es2024.sharedmemory" />
import { DataSourceError } from "@blockwise/spec";

/**
 * Shared memory that grows in place as images come in: neither their number nor their sizes need to be known before,
 * and nothing is ever held twice.
 */
export class PixelStore {
  readonly #buffer: SharedArrayBuffer;
  readonly #budgetBytes: number;
  readonly #source: string;
  #used = 0;

  /** @param budgetBytes - address space to reserve; memory is only taken as images come in */
  constructor(budgetBytes: number, source: string) {
    this.#budgetBytes = budgetBytes;
    this.#source = source;
    try {
      this.#buffer = new SharedArrayBuffer(0, { maxByteLength: budgetBytes });
    } catch (error) {
      throw new DataSourceError(
        `memoryBudgetBytes = ${budgetBytes} for "${source}" must be address space that can be reserved, but the ` +
          "system refused it. Lower memoryBudgetBytes.",
        { source },
        { cause: error },
      );
    }
  }

  /**
   * Copies an image to the end.
   *
   * @param place - how many images came before it, for the error
   * @returns where it begins, in bytes
   * @throws DataSourceError before the budget would be exceeded.
   */
  append(data: Uint8Array, place: number): number {
    const offset = this.#used;
    const end = offset + data.length;
    if (end > this.#budgetBytes) {
      throw new DataSourceError(
        `The images of "${this.#source}" must fit into memoryBudgetBytes = ${this.#budgetBytes}, but image ` +
          `${place + 1} does not any more. Lower decodeSize, use fewer images, raise memoryBudgetBytes, or have images read when they are wanted (storage: "stream").`,
        { source: this.#source },
      );
    }
    if (end > this.#buffer.byteLength) this.#buffer.grow(Math.min(end + GROWTH_BYTES, this.#budgetBytes));
    new Uint8Array(this.#buffer, offset, data.length).set(data);
    this.#used = end;
    return offset;
  }

  /** All images so far. */
  pixels(): Uint8Array {
    return new Uint8Array(this.#buffer, 0, this.#used);
  }
}

const GROWTH_BYTES = 16 * 2 ** 20;
