import type { SafetensorsDtype } from "@blockwise/safetensors";

/** What a storage's values are, and how many bytes one takes. */
export interface StorageType {
  readonly dtype: SafetensorsDtype;
  readonly valueBytes: number;
}

/** PyTorch's storage classes by the name that files give them, in the module `torch`. */
export const storageTypes: ReadonlyMap<string, StorageType> = new Map([
  ["DoubleStorage", { dtype: "F64", valueBytes: 8 }],
  ["FloatStorage", { dtype: "F32", valueBytes: 4 }],
  ["HalfStorage", { dtype: "F16", valueBytes: 2 }],
  ["BFloat16Storage", { dtype: "BF16", valueBytes: 2 }],
  ["LongStorage", { dtype: "I64", valueBytes: 8 }],
  ["IntStorage", { dtype: "I32", valueBytes: 4 }],
  ["ShortStorage", { dtype: "I16", valueBytes: 2 }],
  ["CharStorage", { dtype: "I8", valueBytes: 1 }],
  ["ByteStorage", { dtype: "U8", valueBytes: 1 }],
  ["BoolStorage", { dtype: "BOOL", valueBytes: 1 }],
  ["ComplexFloatStorage", { dtype: "C64", valueBytes: 8 }],
]);
