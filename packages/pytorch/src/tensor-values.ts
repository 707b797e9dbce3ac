import type { SafetensorsEntry } from "@blockwise/safetensors";
import type { TensorReference } from "./pickle/values.js";

/** How many bytes a tensor's values take, without those of its storage that are not its own. */
export function byteLengthOf({ shape, storage }: TensorReference): number {
  return shape.reduce((product, length) => product * length, storage.type.valueBytes);
}

/** Where a tensor's values begin and end in its storage, in values. */
export function extentOf({ offset, shape, strides }: TensorReference): {
  readonly start: number;
  readonly end: number;
} {
  if (shape.includes(0)) return { start: 0, end: 0 };
  const last = shape.reduce((place, length, axis) => place + (length - 1) * (strides[axis] ?? 0), offset);
  return { start: offset, end: last + 1 };
}

/**
 * Puts a tensor's values in row-major order.
 *
 * @param bytes the tensor's extent of its storage. Borrowed by the result where the values lie in order already.
 */
export function arrangeValues(tensor: TensorReference, bytes: Uint8Array): Uint8Array {
  const { shape, strides, storage } = tensor;
  if (isRowMajor(shape, strides)) return bytes;
  const { valueBytes } = storage.type;
  const arranged = new Uint8Array(byteLengthOf(tensor));
  const index = shape.map(() => 0);
  let source = 0;
  for (let target = 0; target < arranged.byteLength; target += valueBytes) {
    for (let byte = 0; byte < valueBytes; byte++)
      arranged[target + byte] = bytes[source * valueBytes + byte] as number;
    source += nextStep(index, shape, strides);
  }
  return arranged;
}

/** Counts an index up by one and says how far that moves in the storage. */
function nextStep(index: number[], shape: readonly number[], strides: readonly number[]): number {
  let step = 0;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const place = (index[axis] as number) + 1;
    const stride = strides[axis] as number;
    if (place < (shape[axis] as number)) {
      index[axis] = place;
      return step + stride;
    }
    index[axis] = 0;
    step -= (place - 1) * stride;
  }
  return step;
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  if (shape.includes(0)) return true;
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const length = shape[axis] as number;
    if (length !== 1 && strides[axis] !== expected) return false;
    expected *= length;
  }
  return true;
}

const arrays = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
  C64: Float32Array,
} as const;

/** A tensor as safetensors have it. The values lie in `bytes` where alignment allows. */
export function toEntry({ shape, storage }: TensorReference, bytes: Uint8Array): SafetensorsEntry {
  const { dtype } = storage.type;
  const ValueArray = arrays[dtype as keyof typeof arrays];
  const aligned = bytes.byteOffset % ValueArray.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  const data = new ValueArray(
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    aligned.byteLength / ValueArray.BYTES_PER_ELEMENT,
  );
  // The table pairs each dtype with its array; TypeScript cannot follow that.
  return { dtype, shape, data } as SafetensorsEntry;
}
