import type { EpochPlan } from "./epoch-plan.js";

/**
 * What threads agree on while they make an epoch, as 32-bit integers on a `SharedArrayBuffer`: the next batch that
 * nobody has taken on, the sample that each worker is at, and a state for each slot.
 *
 * A slot's state is `2 * batch` when it may be filled with that batch, `2 * batch + 1` when it has been, and -1, for
 * good, when the epoch has been called off. Workers sleep on the states (`Atomics.wait`), so that they go on by
 * themselves while the main thread is busy; the main thread only looks.
 */
export interface SlotStates {
  readonly slots: number;
  readonly words: Int32Array;
}

const NEXT = 0;
const FIRST_SLOT = 1;
const CALLED_OFF = -1;

/** States with which the first batches of a plan may be made. */
export function makeSlotStates(plan: EpochPlan, slots: number, workers: number): SlotStates {
  const length = FIRST_SLOT + slots + workers;
  const words = new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT));
  words[NEXT] = plan.start;
  for (let batch = plan.start; batch < plan.start + slots; batch++)
    words[FIRST_SLOT + (batch % slots)] = 2 * batch;
  return { slots, words };
}

/** Worker: takes on the next batch. */
export function takeBatch({ words }: SlotStates): number {
  return Atomics.add(words, NEXT, 1);
}

/** Worker: sleeps until the slot of `batch` is free; false when the epoch has been called off. */
export function waitForSlot({ slots, words }: SlotStates, batch: number): boolean {
  const place = FIRST_SLOT + (batch % slots);
  for (;;) {
    const state = Atomics.load(words, place);
    if (state === CALLED_OFF) return false;
    if (state === 2 * batch) return true;
    Atomics.wait(words, place, state);
  }
}

/** Worker: says that the slot holds `batch`. */
export function markFilled({ slots, words }: SlotStates, batch: number): void {
  Atomics.compareExchange(words, FIRST_SLOT + (batch % slots), 2 * batch, 2 * batch + 1);
}

/** Main: whether the slot holds `batch`. */
export function isFilled({ slots, words }: SlotStates, batch: number): boolean {
  return Atomics.load(words, FIRST_SLOT + (batch % slots)) === 2 * batch + 1;
}

/** Main: gives the slot of `batch` to the next batch that uses it. */
export function freeSlot({ slots, words }: SlotStates, batch: number): void {
  const place = FIRST_SLOT + (batch % slots);
  Atomics.compareExchange(words, place, 2 * batch + 1, 2 * (batch + slots));
  Atomics.notify(words, place);
}

/** Main: calls the epoch off and wakes all workers. */
export function callOff({ slots, words }: SlotStates): void {
  for (let slot = 0; slot < slots; slot++) {
    Atomics.store(words, FIRST_SLOT + slot, CALLED_OFF);
    Atomics.notify(words, FIRST_SLOT + slot);
  }
}

/** Worker: whether the epoch has been called off. */
export function isCalledOff({ words }: SlotStates): boolean {
  return Atomics.load(words, FIRST_SLOT) === CALLED_OFF;
}

/** Worker: notes the sample it is at, for the message should the thread die of it. */
export function noteSample({ slots, words }: SlotStates, worker: number, sample: number): void {
  Atomics.store(words, FIRST_SLOT + slots + worker, sample + 1);
}

/** Main: the sample that a worker noted last. */
export function notedSample({ slots, words }: SlotStates, worker: number): number | undefined {
  const noted = Atomics.load(words, FIRST_SLOT + slots + worker);
  return noted === 0 ? undefined : noted - 1;
}
