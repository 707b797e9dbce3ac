import { MalformedFileError } from "@blockwise/spec";

/** What an IDX file holds. */
export interface IdxArray {
  /** `[count]` for labels, `[count, height, width]` for images. */
  readonly shape: readonly number[];
  /** The values, row by row: a view on the bytes that were parsed. */
  readonly values: Uint8Array;
}

/**
 * Parses an IDX file of unsigned bytes, the format of MNIST: two zero bytes, the type (8), the number of dimensions,
 * each dimension as a big-endian 32-bit integer, then the values.
 *
 * @param bytes - the whole file, not compressed; borrowed
 * @param dimensions - how many dimensions it must have
 * @param path - names the file in errors
 * @throws MalformedFileError for anything else, also for bytes missing or left over.
 */
export function parseIdx(bytes: Uint8Array, dimensions: number, path: string): IdxArray {
  const header = 4 + 4 * dimensions;
  if (bytes.length < header) {
    throw malformed(path, `a header of ${header} bytes`, `${bytes.length} bytes in all`);
  }
  const magic = [...bytes.subarray(0, 4)];
  if (magic[0] !== 0 || magic[1] !== 0 || magic[2] !== UNSIGNED_BYTE || magic[3] !== dimensions) {
    throw malformed(path, `the first bytes 0, 0, ${UNSIGNED_BYTE}, ${dimensions}`, magic.join(", "));
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, header);
  const shape = Array.from({ length: dimensions }, (_, axis) => view.getUint32(4 + 4 * axis));
  const expected = shape.reduce((product, length) => product * length, 1);
  const values = bytes.subarray(header);
  if (expected === 0 || values.length !== expected) {
    throw malformed(
      path,
      `${expected} values for the shape [${shape.join(", ")}] that its header states`,
      `${values.length}`,
    );
  }
  return { shape, values };
}

const UNSIGNED_BYTE = 8;

function malformed(path: string, expected: string, received: string): MalformedFileError {
  return new MalformedFileError(
    `IDX file "${path}" must have ${expected}, but has ${received}. Delete it and get it again.`,
    { path },
  );
}
