/** What a header block of a tar archive says. */
export interface TarHeader {
  /** As it stands there: it may be unsafe, and cut off where another entry holds the long name. */
  readonly name: string;
  /** Bytes of the contents, which follow, padded to whole blocks. */
  readonly size: number;
  /** One character: `"0"` for a file, `"5"` for a folder, and so on. */
  readonly type: string;
}

/** Headers and contents come in blocks of so many bytes. */
export const TAR_BLOCK = 512;

/**
 * Reads a header block: old, POSIX (ustar) or GNU.
 *
 * @returns null for a block of zeros, which ends an archive
 * @throws Error for a block whose sum is wrong.
 * @see POSIX.1-2017, pax, "ustar Interchange Format"
 */
export function readTarHeader(block: Buffer): TarHeader | null {
  if (block.every((byte) => byte === 0)) return null;
  let sum = 0;
  // The sum counts itself as spaces.
  for (let place = 0; place < TAR_BLOCK; place++)
    sum += place >= 148 && place < 156 ? 32 : (block[place] as number);
  if (sum !== octal(block, 148, 8)) throw new Error("a header has a wrong sum");
  const prefix = block.toString("latin1", 257, 263) === "ustar\0" ? text(block, 345, 155) : "";
  const name = text(block, 0, 100);
  const size = (block[124] as number) & 0x80 ? base256(block, 124, 12) : octal(block, 124, 12);
  if (!Number.isSafeInteger(size)) throw new Error("a header has no valid size");
  const type = block[156] === 0 ? "0" : String.fromCharCode(block[156] as number);
  return { name: prefix === "" ? name : `${prefix}/${name}`, size, type };
}

/**
 * Reads the `path` and `size` of a pax extended header: records `length key=value\n`.
 *
 * @throws Error for records that do not add up.
 */
export function readPaxRecords(bytes: Buffer): { readonly path?: string; readonly size?: number } {
  const found: { path?: string; size?: number } = {};
  for (let place = 0; place < bytes.length && bytes[place] !== 0; ) {
    const space = bytes.indexOf(0x20, place);
    const length = Number(bytes.toString("latin1", place, space));
    const end = place + length;
    if (space < 0 || !Number.isInteger(length) || end <= space || end > bytes.length) {
      throw new Error("a pax header has a record of the wrong length");
    }
    const record = bytes.toString("utf8", space + 1, end - 1);
    const equals = record.indexOf("=");
    const value = record.slice(equals + 1);
    const key = record.slice(0, equals);
    if (key === "path") found.path = value;
    if (key === "size") found.size = Number(value);
    place = end;
  }
  return found;
}

function text(block: Buffer, start: number, length: number): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end < 0 ? length : end);
}

function octal(block: Buffer, start: number, length: number): number {
  const digits = block
    .toString("latin1", start, start + length)
    .replace(/[\0 ]+$/, "")
    .trim();
  if (digits === "") return 0;
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

/** GNU's way to write sizes of 8 GiB and more. */
function base256(block: Buffer, start: number, length: number): number {
  let value = (block[start] as number) & 0x7f;
  for (let place = start + 1; place < start + length; place++) value = value * 256 + (block[place] as number);
  return value;
}
