import { compareTensors, flatten, type TensorLike } from "./tensor-comparison.js";

/** Throws, naming the fault, where the condition does not hold. */
export function ensure(condition: boolean, fault: string): void {
  if (!condition) throw new Error(`Broken promise: ${fault}.`);
}

/** Throws where an element is NaN or infinite. */
export function ensureFinite(tensor: TensorLike, what: string): void {
  const bad = Array.from(flatten(tensor).values).find((value) => !Number.isFinite(value));
  ensure(bad === undefined, `${what} is ${bad}`);
}

/** Throws, naming the worst element, where two tensors differ by more than rounding or `absolute`. */
export function ensureClose(
  received: TensorLike,
  expected: TensorLike,
  what: string,
  absolute?: number,
): void {
  const tolerance = absolute === undefined ? {} : { absolute };
  const { close, summary } = compareTensors(received, expected, tolerance);
  ensure(close, `${what}: ${summary}`);
}
