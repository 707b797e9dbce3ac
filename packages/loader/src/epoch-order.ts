import { fold, generator, permutation, type RandomKey } from "@blockwise/random";
import type { DataSourceV1 } from "@blockwise/spec";

/**
 * The order of an epoch under the key folded with "order" and the epoch, or the source's own order.
 *
 * It is a permutation of all images. Images that lie in few large files are shuffled so that reading stays nearly
 * sequential instead: the files in random order, one after the other, through a buffer of `shuffleBuffer` images, from
 * which each next image is drawn at random and replaced by the next one of the files. An image so comes at most
 * `shuffleBuffer` places before its place in the files' order, and after it by a geometric number of places with that
 * mean: neighbours in a file stay neighbours by some buffers' lengths, and a file that holds one class fills a stretch of
 * the epoch. With a buffer of at least all images it is a uniform permutation.
 *
 * The order is known before anything is read, so it is the same with any number of threads, and the place in an epoch is
 * all there is to say about it.
 *
 * @returns `[size]` indices on a `SharedArrayBuffer`
 */
export function orderEpoch(
  key: RandomKey,
  epoch: number,
  { store, size }: Pick<DataSourceV1, "store" | "size">,
  shuffle: boolean,
): Uint32Array {
  const order = new Uint32Array(new SharedArrayBuffer(size * Uint32Array.BYTES_PER_ELEMENT));
  const orderKey = fold(key, "order", epoch);
  const spans = store.kind === "stored" ? store.spans : null;
  if (!shuffle) {
    for (let index = 0; index < size; index++) order[index] = index;
  } else if (store.kind === "stored" && spans !== null && spans.shuffleBuffer !== null) {
    const sequence = fileAfterFile(store.files, fold(orderKey, "files"));
    shuffleThroughBuffer(sequence, spans.shuffleBuffer, fold(orderKey, "buffer"), order);
  } else {
    order.set(permutation(orderKey, size));
  }
  return order;
}

/** All images, those of one file together and in the source's order, the files in random order. */
function fileAfterFile(files: Uint32Array, key: RandomKey): Uint32Array {
  const counts: number[] = [];
  for (const file of files) counts[file] = (counts[file] ?? 0) + 1;
  // A part of a source may leave files out altogether.
  const present = Object.keys(counts).map(Number);
  const places = new Map<number, number>();
  let place = 0;
  for (const turn of permutation(key, present.length)) {
    const file = present[turn] as number;
    places.set(file, place);
    place += counts[file] as number;
  }
  const sequence = new Uint32Array(files.length);
  for (const [index, file] of files.entries()) {
    const next = places.get(file) as number;
    sequence[next] = index;
    places.set(file, next + 1);
  }
  return sequence;
}

function shuffleThroughBuffer(
  sequence: Uint32Array,
  bufferSize: number,
  key: RandomKey,
  out: Uint32Array,
): void {
  const random = generator(key);
  const buffer = sequence.slice(0, bufferSize);
  let place = 0;
  for (let next = buffer.length; next < sequence.length; next++) {
    const drawn = random.integer(buffer.length);
    out[place++] = buffer[drawn] as number;
    buffer[drawn] = sequence[next] as number;
  }
  for (let left = buffer.length; left > 0; left--) {
    const drawn = random.integer(left);
    out[place++] = buffer[drawn] as number;
    buffer[drawn] = buffer[left - 1] as number;
  }
}
