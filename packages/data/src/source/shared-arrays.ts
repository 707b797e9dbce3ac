/** A zeroed `Uint8Array` on a `SharedArrayBuffer`. */
export function sharedBytes(length: number): Uint8Array<SharedArrayBuffer> {
  return new Uint8Array(new SharedArrayBuffer(length));
}

/** A copy of `values` on a `SharedArrayBuffer`. */
export function sharedInt32(values: ArrayLike<number>): Int32Array {
  const copy = new Int32Array(new SharedArrayBuffer(values.length * Int32Array.BYTES_PER_ELEMENT));
  copy.set(values);
  return copy;
}

/** A copy of `values` on a `SharedArrayBuffer`. */
export function sharedUint32(values: ArrayLike<number>): Uint32Array {
  const copy = new Uint32Array(new SharedArrayBuffer(values.length * Uint32Array.BYTES_PER_ELEMENT));
  copy.set(values);
  return copy;
}

/** A copy of `values` on a `SharedArrayBuffer`. */
export function sharedFloat64(values: ArrayLike<number>): Float64Array {
  const copy = new Float64Array(new SharedArrayBuffer(values.length * Float64Array.BYTES_PER_ELEMENT));
  copy.set(values);
  return copy;
}
