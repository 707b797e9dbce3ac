import type { SharedPaths } from "@blockwise/spec";
import { sharedBytes, sharedFloat64 } from "./shared-arrays.js";

/** Puts paths into memory that threads share. */
export function sharePaths(root: string, paths: readonly string[]): SharedPaths {
  const encoder = new TextEncoder();
  const ends = sharedFloat64(new Float64Array(paths.length));
  let length = 0;
  for (const [place, path] of paths.entries()) {
    length += Buffer.byteLength(path);
    ends[place] = length;
  }
  const bytes = sharedBytes(length);
  for (const [place, path] of paths.entries()) {
    bytes.set(encoder.encode(path), place === 0 ? 0 : ends[place - 1]);
  }
  return { root, bytes, ends };
}

/** The path at a place, under the root. */
export function sharedPathAt({ bytes, ends }: SharedPaths, place: number): string {
  const begin = place === 0 ? 0 : (ends[place - 1] as number);
  // Buffers of shared memory cannot be decoded by TextDecoder.
  return Buffer.from(bytes.slice(begin, ends[place])).toString();
}
