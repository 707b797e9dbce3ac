import { MalformedFileError } from "@blockwise/spec";

/** Side of a CIFAR image in pixels. */
export const CIFAR_SIDE = 32;

/** Bytes of a CIFAR image: three planes. */
export const CIFAR_IMAGE_BYTES: number = 3 * CIFAR_SIDE * CIFAR_SIDE;

/** Where the images of one or more record files go. */
export interface CifarTarget {
  /** `count * 3072` bytes, channels last. */
  readonly pixels: Uint8Array;
  /** One label an image. */
  readonly labels: Int32Array;
}

/**
 * Unpacks CIFAR's binary records (`labelBytes` labels, then the red, green and blue planes of 1024 bytes each) into
 * channels-last pixels, beginning at image `first` of the target.
 *
 * @param bytes - the whole file; borrowed
 * @param layout - `labelByte` says which of a record's label bytes to take (CIFAR-100: 0 coarse, 1 fine)
 * @returns how many images were written
 * @throws MalformedFileError for a length that is no whole number of records, for too many of them, or for a label
 * out of range.
 */
export function unpackCifarRecords(
  bytes: Uint8Array,
  layout: {
    readonly labelBytes: number;
    readonly labelByte: number;
    readonly classCount: number;
    readonly path: string;
  },
  target: CifarTarget,
  first: number,
): number {
  const { labelBytes, labelByte, classCount, path } = layout;
  const recordBytes = labelBytes + CIFAR_IMAGE_BYTES;
  const count = bytes.length / recordBytes;
  if (!Number.isInteger(count) || count < 1 || first + count > target.labels.length) {
    throw new MalformedFileError(
      `CIFAR file "${path}" must hold 1 to ${target.labels.length - first} records of ${recordBytes} bytes, ` +
        `but has ${bytes.length} bytes. Delete the archive and get it again.`,
      { path },
    );
  }
  for (let record = 0; record < count; record++) {
    const start = record * recordBytes;
    const label = bytes[start + labelByte] as number;
    if (label >= classCount) {
      throw new MalformedFileError(
        `CIFAR file "${path}" must have labels from 0 to ${classCount - 1}, but record ${record} has ${label}. ` +
          "Delete the archive and get it again.",
        { path },
      );
    }
    target.labels[first + record] = label;
    interleave(bytes, start + labelBytes, target.pixels, (first + record) * CIFAR_IMAGE_BYTES);
  }
  return count;
}

function interleave(planes: Uint8Array, from: number, pixels: Uint8Array, to: number): void {
  const area = CIFAR_SIDE * CIFAR_SIDE;
  for (let place = 0; place < area; place++) {
    const pixel = to + 3 * place;
    pixels[pixel] = planes[from + place] as number;
    pixels[pixel + 1] = planes[from + area + place] as number;
    pixels[pixel + 2] = planes[from + 2 * area + place] as number;
  }
}
