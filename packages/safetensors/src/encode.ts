import { InvalidOptionError, ShapeMismatchError } from "@blockwise/spec";
import { dtypeLayouts, isDtype, tensorByteLength } from "./dtype.js";
import {
  headerStart,
  maximumHeaderBytes,
  nameFault,
  type SafetensorsEntry,
  textFault,
} from "./safetensors-file.js";

/** What to write: a decoded file, or any list of named tensors. */
export interface SafetensorsContent {
  /** Borrowed. A `Map` is one. */
  readonly tensors: Iterable<readonly [string, SafetensorsEntry]>;
  /** @default {} */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes a safetensors file into memory. The same content gives the same bytes in whatever order it comes: tensors are
 * sorted by element size (widest first, which aligns them all) and then by name, metadata by key.
 *
 * @throws InvalidOptionError for a name that is reserved or taken, an unknown dtype, or metadata that is not text.
 * @throws ShapeMismatchError where shape and data do not agree.
 */
export function encodeSafetensors(file: SafetensorsContent): Uint8Array {
  const tensors = [...file.tensors].sort(
    ([name, { dtype }], [otherName, other]) =>
      dtypeLayouts[other.dtype]?.bits - dtypeLayouts[dtype]?.bits || compareText(name, otherName),
  );
  const header = new Map<string, object>();
  const metadata = Object.entries(file.metadata ?? {}).sort(([key], [otherKey]) =>
    compareText(key, otherKey),
  );
  for (const [key, text] of metadata) checkMetadata(key, text);
  if (metadata.length > 0) header.set("__metadata__", Object.fromEntries(metadata));
  let dataBytes = 0;
  for (const [name, entry] of tensors) {
    checkName(name, header);
    checkEntry(name, entry);
    const end = dataBytes + entry.data.byteLength;
    header.set(name, { dtype: entry.dtype, shape: entry.shape, data_offsets: [dataBytes, end] });
    dataBytes = end;
  }
  return assemble(encodeHeader(header), tensors, dataBytes);
}

function encodeHeader(fields: ReadonlyMap<string, object>): Uint8Array {
  // Built field by field: an object would put names that look like numbers first.
  const parts = Array.from(fields, ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const text = new TextEncoder().encode(`{${parts.join(",")}}`);
  const header = new Uint8Array(Math.ceil(text.byteLength / 8) * 8).fill(0x20);
  header.set(text);
  if (header.byteLength > maximumHeaderBytes) {
    throw new InvalidOptionError({
      option: "tensors",
      expected: `describable in a header of at most ${maximumHeaderBytes} bytes`,
      received: header.byteLength,
      hint: "Write several files.",
    });
  }
  return header;
}

function assemble(
  header: Uint8Array,
  tensors: readonly (readonly [string, SafetensorsEntry])[],
  dataBytes: number,
): Uint8Array {
  const bytes = new Uint8Array(headerStart + header.byteLength + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.byteLength), true);
  bytes.set(header, headerStart);
  let position = headerStart + header.byteLength;
  for (const [, { data }] of tensors) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return bytes;
}

function checkMetadata(key: string, text: unknown): void {
  if (nameFault(key) !== null || typeof text !== "string" || textFault(text) !== null) {
    throw new InvalidOptionError({
      option: `metadata[${JSON.stringify(key)}]`,
      expected: "a string of valid Unicode under a key that is not __proto__",
      received: text,
    });
  }
}

function checkName(name: string, taken: ReadonlyMap<string, object>): void {
  const fault = name === "__metadata__" ? "is reserved by the format" : nameFault(name);
  if (fault !== null || taken.has(name)) {
    throw new InvalidOptionError({
      option: "tensors",
      expected: "named by unique, unreserved strings of valid Unicode",
      received: name,
      hint: `That name ${fault ?? "is taken by another tensor"}.`,
    });
  }
}

function checkEntry(name: string, { dtype, shape, data }: SafetensorsEntry): void {
  if (!isDtype(dtype) || !(data instanceof dtypeLayouts[dtype].array)) {
    throw new InvalidOptionError({
      option: `tensors[${JSON.stringify(name)}].dtype`,
      expected: "a dtype of the format, with the typed array that goes with it",
      received: dtype,
    });
  }
  const counts = shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!counts || tensorByteLength(dtype, shape) !== data.byteLength) {
    throw new ShapeMismatchError({
      subject: `Tensor ${JSON.stringify(name)} (${dtype})`,
      expected: `of whole numbers that makes up its ${data.byteLength} bytes of data`,
      received: shape,
    });
  }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
