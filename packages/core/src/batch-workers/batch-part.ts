import type { BatchExchangeV1 } from "@blockwise/spec";

/** One of some threads that have a batch together, an equal part each. All call the same functions in the same order. */
export interface BatchPart extends BatchExchangeV1 {
  /** From 0, in the order of samples. */
  readonly index: number;
}

/** What such threads share. */
export interface BatchPartMemory {
  /** By part: how many messages it has written. */
  readonly written: Int32Array;
  /** By part, for each of its slots: the length of all that the message is of, which must be one in all parts. */
  readonly lengths: Int32Array;
  /** Two for each part, in turn: who writes the next message cannot meet one who still reads the last. */
  readonly slots: readonly (readonly [Float32Array, Float32Array])[];
}

/** Threads that sleep look around this often; whoever ends the run ends the thread. */
const SLEEP_MS = 1000;

/** @param slotSize Values of a message; what is longer goes in several. */
export function makeBatchPartMemory(count: number, slotSize: number = 2 ** 18): BatchPartMemory {
  const integers = (length: number): Int32Array =>
    new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT));
  const slot = (): Float32Array =>
    new Float32Array(new SharedArrayBuffer(slotSize * Float32Array.BYTES_PER_ELEMENT));
  return {
    written: integers(count),
    lengths: integers(2 * count),
    slots: Array.from({ length: count }, () => [slot(), slot()] as const),
  };
}

/** A thread's part of a batch. Not for the main thread: it sleeps until the others have come as far. */
export class SharedBatchPart implements BatchPart {
  readonly index: number;
  readonly count: number;
  /** Milliseconds that it slept for others. */
  waitedMs = 0;
  readonly #memory: BatchPartMemory;
  #messages = 0;

  constructor(memory: BatchPartMemory, index: number) {
    this.#memory = memory;
    this.index = index;
    this.count = memory.slots.length;
  }

  sum(values: Float32Array): Float32Array {
    const sums = new Float32Array(values.length);
    this.#share(values, (part, message, offset) => {
      if (part === 0) sums.set(message, offset);
      else for (let i = 0; i < message.length; i++) (sums[offset + i] as number) += message[i] as number;
    });
    return sums;
  }

  gather(values: Float32Array): Float32Array {
    const all = new Float32Array(this.count * values.length);
    this.#share(values, (part, message, offset) => all.set(message, part * values.length + offset));
    return all;
  }

  /** Shows everybody's values to everybody, part by part. */
  #share(values: Float32Array, read: (part: number, message: Float32Array, offset: number) => void): void {
    const { written, lengths, slots } = this.#memory;
    const slotSize = slots[0]?.[0].length ?? 0;
    for (let offset = 0; offset < values.length; offset += slotSize) {
      const message = values.subarray(offset, offset + slotSize);
      const turn = this.#messages & 1;
      // Counts go round at 2^32.
      this.#messages = (this.#messages + 1) | 0;
      slots[this.index]?.[turn]?.set(message);
      Atomics.store(lengths, 2 * this.index + turn, values.length);
      Atomics.store(written, this.index, this.#messages);
      Atomics.notify(written, this.index);
      for (let part = 0; part < this.count; part++) {
        if (part !== this.index) this.#sleepUntilWritten(part);
        requireSameLength(part, Atomics.load(lengths, 2 * part + turn), values.length);
        const theirs = slots[part]?.[turn];
        if (theirs !== undefined) read(part, theirs.subarray(0, message.length), offset);
      }
    }
  }

  #sleepUntilWritten(part: number): void {
    const { written } = this.#memory;
    const start = performance.now();
    for (
      let count = Atomics.load(written, part);
      ((count - this.#messages) | 0) < 0;
      count = Atomics.load(written, part)
    ) {
      Atomics.wait(written, part, count, SLEEP_MS);
    }
    this.waitedMs += performance.now() - start;
  }
}

function requireSameLength(part: number, received: number, due: number): void {
  if (received === due) return;
  throw new Error(
    `the threads of a batch did not compute the same: ${received} values came from part ${part}, and ${due} were due`,
  );
}
