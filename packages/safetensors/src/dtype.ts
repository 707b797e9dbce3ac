/** The typed array that holds each element type's values. */
export interface SafetensorsData {
  /** One byte a value: 0 or 1. */
  readonly BOOL: Uint8Array;
  /** Unsigned, one byte a value. */
  readonly U8: Uint8Array;
  /** Signed, one byte a value. */
  readonly I8: Int8Array;
  /** Unsigned, two bytes a value. */
  readonly U16: Uint16Array;
  /** Signed, two bytes a value. */
  readonly I16: Int16Array;
  /** Unsigned, four bytes a value. */
  readonly U32: Uint32Array;
  /** Signed, four bytes a value. */
  readonly I32: Int32Array;
  /** Unsigned, eight bytes a value, as `bigint`. */
  readonly U64: BigUint64Array;
  /** Signed, eight bytes a value, as `bigint`. */
  readonly I64: BigInt64Array;
  /** IEEE 754 single precision. */
  readonly F32: Float32Array;
  /** IEEE 754 double precision. */
  readonly F64: Float64Array;
  /** Two numbers a value: real, imaginary. */
  readonly C64: Float32Array;
  /** The bits of each value, not its number: JavaScript has no such type in Node 20. */
  readonly F16: Uint16Array;
  /** The bits of each value. */
  readonly BF16: Uint16Array;
  /** The bits of each value. */
  readonly F8_E4M3: Uint8Array;
  /** The bits of each value. */
  readonly F8_E5M2: Uint8Array;
  /** The bits of each value. */
  readonly F8_E8M0: Uint8Array;
  /** The bits of each value. */
  readonly F8_E4M3FNUZ: Uint8Array;
  /** The bits of each value. */
  readonly F8_E5M2FNUZ: Uint8Array;
  /** The bits of all values, packed. */
  readonly F6_E2M3: Uint8Array;
  /** The bits of all values, packed. */
  readonly F6_E3M2: Uint8Array;
  /** The bits of all values, packed. */
  readonly F4: Uint8Array;
}

/** An element type of the format. */
export type SafetensorsDtype = keyof SafetensorsData;

interface DtypeLayout<Data> {
  /** How many bits a value takes. */
  readonly bits: number;
  /** What holds the values. */
  readonly array: {
    new (buffer: ArrayBufferLike, byteOffset: number, length: number): Data;
    readonly BYTES_PER_ELEMENT: number;
  };
}

/** How wide each element type is, and what holds it. */
export const dtypeLayouts: { readonly [Dtype in SafetensorsDtype]: DtypeLayout<SafetensorsData[Dtype]> } = {
  BOOL: { bits: 8, array: Uint8Array },
  U8: { bits: 8, array: Uint8Array },
  I8: { bits: 8, array: Int8Array },
  U16: { bits: 16, array: Uint16Array },
  I16: { bits: 16, array: Int16Array },
  U32: { bits: 32, array: Uint32Array },
  I32: { bits: 32, array: Int32Array },
  U64: { bits: 64, array: BigUint64Array },
  I64: { bits: 64, array: BigInt64Array },
  F32: { bits: 32, array: Float32Array },
  F64: { bits: 64, array: Float64Array },
  C64: { bits: 64, array: Float32Array },
  F16: { bits: 16, array: Uint16Array },
  BF16: { bits: 16, array: Uint16Array },
  F8_E4M3: { bits: 8, array: Uint8Array },
  F8_E5M2: { bits: 8, array: Uint8Array },
  F8_E8M0: { bits: 8, array: Uint8Array },
  F8_E4M3FNUZ: { bits: 8, array: Uint8Array },
  F8_E5M2FNUZ: { bits: 8, array: Uint8Array },
  F6_E2M3: { bits: 6, array: Uint8Array },
  F6_E3M2: { bits: 6, array: Uint8Array },
  F4: { bits: 4, array: Uint8Array },
};

/** Whether `value` names an element type of the format. */
export function isDtype(value: unknown): value is SafetensorsDtype {
  return typeof value === "string" && Object.hasOwn(dtypeLayouts, value);
}

/**
 * How many bytes a tensor takes; null where that is no whole number of bytes or too large to be counted exactly.
 */
export function tensorByteLength(dtype: SafetensorsDtype, shape: readonly number[]): number | null {
  let bits = dtypeLayouts[dtype].bits;
  for (const size of shape) {
    bits *= size;
    if (!Number.isSafeInteger(bits)) return null;
  }
  return bits % 8 === 0 ? bits / 8 : null;
}
