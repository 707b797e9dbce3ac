import { InvalidOptionError } from "@blockwise/spec";
import type { SafetensorsEntry } from "./safetensors-file.js";

/**
 * A tensor's values as float32: exact for F32, F16, BF16 and whole numbers up to 2^24, rounded to nearest for others.
 *
 * @returns the entry's own array where it is F32 (borrowed), else a fresh one
 * @throws InvalidOptionError for complex numbers and those of 8 bits or fewer that are no integers
 * @example
 * const weights = toFloat32(tensors.get("fc.weight"));
 */
export function toFloat32(entry: SafetensorsEntry): Float32Array {
  switch (entry.dtype) {
    case "F32":
      return entry.data;
    case "F16":
      return Float32Array.from(entry.data, halfToNumber);
    case "BF16": {
      // The upper half of a float32's bits.
      const bits = Uint32Array.from(entry.data, (half) => half * 2 ** 16);
      return new Float32Array(bits.buffer);
    }
    case "F64":
    case "BOOL":
    case "U8":
    case "I8":
    case "U16":
    case "I16":
    case "U32":
    case "I32":
      return Float32Array.from(entry.data);
    case "U64":
    case "I64":
      return Float32Array.from(entry.data, Number);
    default:
      throw new InvalidOptionError({
        option: "entry.dtype",
        expected: "one whose values are real numbers of 16 bits or more, or integers",
        received: entry.dtype,
      });
  }
}

/** IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return sign * size;
}
