/**
 * Hands maps on from one thread to another: a ring of slots in shared memory. The state of a slot is `2 * place` when the
 * message of that place (from 0, counted by who begins the steps) may be written into it, and `2 * place + 1` when it is
 * there. A writer that is ahead sleeps until the slot is free again: no more than `slots` messages wait.
 */
export interface Link {
  readonly states: Int32Array;
  readonly slots: readonly Float32Array[];
}

/** Threads that sleep look around this often; whoever ends the run ends the thread. */
const SLEEP_MS = 1000;

/** @param size Values of the largest message. */
export function makeLink(slotCount: number, size: number): Link {
  const states = new Int32Array(new SharedArrayBuffer(slotCount * Int32Array.BYTES_PER_ELEMENT));
  for (let slot = 0; slot < slotCount; slot++) states[slot] = 2 * slot;
  const slots = Array.from(
    { length: slotCount },
    () => new Float32Array(new SharedArrayBuffer(size * Float32Array.BYTES_PER_ELEMENT)),
  );
  return { states, slots };
}

/** Whether the message of that place may be written. */
export function isFree({ states, slots }: Link, place: number): boolean {
  return Atomics.load(states, place % slots.length) === 2 * place;
}

/** Writes a message into a slot that is free and wakes who waits for it. */
export function write({ states, slots }: Link, place: number, parts: readonly Float32Array[]): void {
  const slot = place % slots.length;
  let offset = 0;
  for (const part of parts) {
    slots[slot]?.set(part, offset);
    offset += part.length;
  }
  Atomics.store(states, slot, 2 * place + 1);
  Atomics.notify(states, slot);
}

/** Sleeps until a message can be written. Not for the main thread. */
export function waitUntilFree(link: Link, place: number): void {
  sleepUntil(link, place, 2 * place);
}

/** Sleeps until a message is there, copies it out in so many parts of one size, and frees its slot. Not for the main thread. */
export function read(link: Link, place: number, partCount: number, partSize: number): Float32Array[] {
  sleepUntil(link, place, 2 * place + 1);
  const { states, slots } = link;
  const slot = place % slots.length;
  const parts = Array.from(
    { length: partCount },
    (_, part) =>
      // A copy of its own: some engines keep the array that they are given.
      new Float32Array((slots[slot] as Float32Array).subarray(part * partSize, (part + 1) * partSize)),
  );
  Atomics.store(states, slot, 2 * (place + slots.length));
  Atomics.notify(states, slot);
  return parts;
}

function sleepUntil({ states, slots }: Link, place: number, wanted: number): void {
  const slot = place % slots.length;
  for (let state = Atomics.load(states, slot); state !== wanted; state = Atomics.load(states, slot)) {
    Atomics.wait(states, slot, state, SLEEP_MS);
  }
}
