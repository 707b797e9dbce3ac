import { isDtype, type SafetensorsDtype, tensorByteLength } from "./dtype.js";
import { findDeepNesting } from "./find-deep-nesting.js";
import { findDuplicateKey } from "./find-duplicate-key.js";
import { headerStart, maximumHeaderBytes, nameFault } from "./safetensors-file.js";

/** Where a tensor lies in the data that follows the header. */
export interface TensorLocation {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** The first byte, counted from the end of the header. */
  readonly begin: number;
  /** The byte after the last. */
  readonly end: number;
}

/** A checked header. */
export interface SafetensorsHeader {
  /** In the header's order. */
  readonly tensors: readonly TensorLocation[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Where the data begins, in bytes from the start of the file. */
  readonly dataStart: number;
}

/** A header is an object of objects, of which some hold lists. */
const deepestNesting = 3;

/** Says what is wrong and never returns. */
export type Reject = (fault: string) => never;

/** Reads and checks the header; the tensors it lists cover the data exactly, without gap or overlap. */
export function readHeader(bytes: Uint8Array, reject: Reject): SafetensorsHeader {
  const { json, dataStart } = headerText(bytes, reject);
  const tensors: TensorLocation[] = [];
  let metadata: Readonly<Record<string, string>> = {};
  for (const [name, value] of Object.entries(parseObject(json, reject))) {
    if (name === "__metadata__") metadata = readMetadata(value, reject);
    else tensors.push(readLocation(name, value, reject));
  }
  checkCoverage(tensors, bytes.byteLength - dataStart, reject);
  return { tensors, metadata, dataStart };
}

function headerText(bytes: Uint8Array, reject: Reject): { json: string; dataStart: number } {
  if (bytes.byteLength < headerStart) {
    return reject(`it has ${bytes.byteLength} bytes, fewer than the ${headerStart} of the header's length`);
  }
  const declared = new DataView(bytes.buffer, bytes.byteOffset, headerStart).getBigUint64(0, true);
  const available = Math.min(bytes.byteLength - headerStart, maximumHeaderBytes);
  if (declared > BigInt(available)) {
    return reject(`its header claims ${declared} bytes, where at most ${available} are possible`);
  }
  const dataStart = headerStart + Number(declared);
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { json: decoder.decode(bytes.subarray(headerStart, dataStart)), dataStart };
  } catch {
    return reject("its header is not valid UTF-8");
  }
}

function parseObject(json: string, reject: Reject): object {
  if (!json.startsWith("{")) return reject("its header does not begin with {");
  // Asked first: a tree of any depth costs far more memory than its text.
  const deep = findDeepNesting(json, deepestNesting);
  if (deep !== null) return reject(`its header is nested more than ${deepestNesting} deep, at ${deep}`);
  let header: unknown;
  try {
    header = JSON.parse(json);
  } catch (error) {
    return reject(`its header is not valid JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  const duplicate = findDuplicateKey(json);
  if (duplicate !== null) return reject(`its header has the key ${describe(duplicate)} twice`);
  return isRecord(header) ? header : reject("its header is not an object");
}

function readMetadata(value: unknown, reject: Reject): Readonly<Record<string, string>> {
  if (!isRecord(value)) return reject("its __metadata__ is not an object");
  return Object.fromEntries(
    Object.entries(value).map(([key, text]) => {
      const fault = nameFault(key);
      if (fault !== null) return reject(`its metadata key ${describe(key)} ${fault}`);
      if (typeof text !== "string") return reject(`its metadata value ${describe(key)} is not a string`);
      return [key, text];
    }),
  );
}

function readLocation(name: string, value: unknown, reject: Reject): TensorLocation {
  const subject = `tensor ${describe(name)}`;
  const fault = nameFault(name);
  if (fault !== null) return reject(`the name of ${subject} ${fault}`);
  if (!isRecord(value)) return reject(`${subject} is not described by an object`);
  const { dtype, shape, data_offsets: offsets, ...unknown } = value;
  const [unknownField] = Object.keys(unknown);
  if (unknownField !== undefined) {
    return reject(`${subject} has the unknown field ${describe(unknownField)}`);
  }
  if (!isDtype(dtype)) return reject(`${subject} has no known dtype (${describe(dtype)})`);
  if (!isCountList(shape)) return reject(`${subject} has no valid shape (${describe(shape)})`);
  if (!isCountList(offsets)) return reject(`${subject} has no valid data_offsets (${describe(offsets)})`);
  const [begin, end] = offsets;
  if (begin === undefined || end === undefined || offsets.length !== 2 || begin > end) {
    return reject(`${subject} has no valid data_offsets (${describe(offsets)})`);
  }
  const byteLength = tensorByteLength(dtype, shape);
  if (byteLength === null) {
    return reject(`${subject} has a size that cannot be counted in bytes (${dtype}, ${describe(shape)})`);
  }
  if (byteLength !== end - begin) {
    return reject(
      `${subject} (${dtype}, ${describe(shape)}) takes ${byteLength} bytes but has ${end - begin}`,
    );
  }
  return { name, dtype, shape, begin, end };
}

function checkCoverage(tensors: readonly TensorLocation[], dataBytes: number, reject: Reject): void {
  let covered = 0;
  for (const { name, begin, end } of tensors.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered) {
      const relation = begin < covered ? "overlaps the tensor before it" : "leaves a gap before it";
      reject(`tensor ${describe(name)} ${relation}: it begins at ${begin}, not at ${covered}`);
    }
    covered = end;
  }
  if (covered > dataBytes) {
    reject(`it is cut off: its tensors take ${covered} bytes, and ${dataBytes} are there`);
  }
  if (covered < dataBytes) reject(`it has ${dataBytes - covered} bytes behind the last tensor`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCountList(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
