/** A tensor of TensorFlow.js, as far as a comparison needs it; it must be readable at once (not on WebGPU). */
export interface ReadableTensor {
  /** Lengths of the axes. */
  readonly shape: readonly number[];
  /** All values at once, last axis fastest. */
  dataSync(): ArrayLike<number>;
}

/** Numbers, nested to any depth: `[[1, 2], [3, 4]]`. */
export type NestedNumbers = number | readonly NestedNumbers[];

/** What can be compared: a tensor, a number, nested numbers, or a flat typed array. */
export type TensorLike = ReadableTensor | NestedNumbers | ArrayLike<number>;

/** How far apart two elements may lie: `absolute + relative * (largest magnitude of the expected tensor)`. */
export interface Tolerance {
  /** @default 1e-5, or 0 where `absolute` is given */
  readonly relative?: number;
  /** @default 0 */
  readonly absolute?: number;
}

/** The result of a comparison. */
export interface TensorComparison {
  /** Whether shapes are equal and all elements within the tolerance. */
  readonly close: boolean;
  /** One line for people, which names the worst element. */
  readonly summary: string;
}

/** Shape and values, row by row. */
export interface FlatTensor {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** Reads the shape and the values of whatever is like a tensor. */
export function flatten(tensor: TensorLike): FlatTensor {
  if (typeof tensor === "number") return { shape: [], values: [tensor] };
  if ("dataSync" in tensor) return { shape: tensor.shape, values: tensor.dataSync() };
  const shape: number[] = [];
  let values: unknown[] = Array.from<unknown>(tensor);
  shape.push(values.length);
  while (values.some(Array.isArray)) {
    const width = Array.isArray(values[0]) ? values[0].length : -1;
    if (!values.every((row) => Array.isArray(row) && row.length === width)) {
      throw new TypeError("Nested numbers must have rows of equal length.");
    }
    shape.push(width);
    values = values.flat();
  }
  return { shape, values: values.map(Number) };
}

/** Where the element at a flat place stands: `[1, 0, 2]`. */
export function elementIndex(shape: readonly number[], place: number): string {
  const index: number[] = [];
  let rest = place;
  for (const size of shape.toReversed()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return `[${index.join(", ")}]`;
}

/**
 * Compares two tensors element by element. NaN is close to nothing, not even to itself; infinities are close to
 * their equals. A flat typed array is compared with a tensor of any shape that has as many values.
 */
export function compareTensors(
  received: TensorLike,
  expected: TensorLike,
  tolerance: Tolerance = {},
): TensorComparison {
  const actual = flatten(received);
  const reference = flatten(expected);
  const flat = ArrayBuffer.isView(received) || ArrayBuffer.isView(expected);
  const sameShape = actual.shape.join() === reference.shape.join();
  if (actual.values.length !== reference.values.length || !(flat || sameShape)) {
    const shapes = `[${reference.shape.join(", ")}], but it is [${actual.shape.join(", ")}]`;
    return { close: false, summary: `expected the shape ${shapes}` };
  }
  const { absolute = 0, relative = tolerance.absolute === undefined ? 1e-5 : 0 } = tolerance;
  const allowed = absolute + relative * largestMagnitude(reference.values);
  const worst = worstElement(actual.values, reference.values);
  if (worst === null) return { close: true, summary: "both are empty" };
  const place = elementIndex(flat ? [actual.values.length] : actual.shape, worst.place);
  return {
    close: worst.difference <= allowed,
    summary:
      `worst at ${place}: expected ${reference.values[worst.place]}, received ${actual.values[worst.place]}; ` +
      `they differ by ${worst.difference.toPrecision(3)}, of which ${allowed.toPrecision(3)} is allowed`,
  };
}

function largestMagnitude(values: ArrayLike<number>): number {
  let largest = 0;
  for (let place = 0; place < values.length; place++) {
    const magnitude = Math.abs(values[place] ?? 0);
    if (magnitude > largest && magnitude !== Infinity) largest = magnitude;
  }
  return largest;
}

function worstElement(
  actual: ArrayLike<number>,
  reference: ArrayLike<number>,
): { readonly place: number; readonly difference: number } | null {
  let worst: { place: number; difference: number } | null = null;
  for (let place = 0; place < actual.length; place++) {
    const [value, target] = [actual[place] ?? Number.NaN, reference[place] ?? Number.NaN];
    const distance = Math.abs(value - target);
    const difference = value === target ? 0 : Number.isNaN(distance) ? Infinity : distance;
    if (worst === null || difference > worst.difference) worst = { place, difference };
  }
  return worst;
}
