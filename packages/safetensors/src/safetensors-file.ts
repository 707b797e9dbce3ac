import type { SafetensorsData, SafetensorsDtype } from "./dtype.js";

/** One tensor of a file. Checking `dtype` narrows `data`. */
export type SafetensorsEntry = {
  [Dtype in SafetensorsDtype]: {
    readonly dtype: Dtype;
    /** Row-major; empty for a scalar. */
    readonly shape: readonly number[];
    readonly data: SafetensorsData[Dtype];
  };
}[SafetensorsDtype];

/** What a safetensors file holds. */
export interface SafetensorsFile {
  /** By name, in the order of the file's header. */
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  /** The header's `__metadata__`; empty where it has none. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The longest header that the format's own library takes, in bytes. */
export const maximumHeaderBytes: number = 100_000_000;

/** Where the header's length ends and the header begins, in bytes. */
export const headerStart: number = 8;

/** Why a tensor or metadata key cannot be used; null for a good one. */
export function nameFault(name: string): string | null {
  return name === "__proto__" ? "is reserved by JavaScript" : textFault(name);
}

/** Why a text cannot be stored; null for a good one. */
export function textFault(text: string): string | null {
  return /\p{Surrogate}/u.test(text) ? "is not valid Unicode (a lone surrogate)" : null;
}
