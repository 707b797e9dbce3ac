import type { RawImage } from "@blockwise/spec";
import sharp from "sharp";
import type { CheckedImageOptions } from "./image-options.js";

/** The ending of a file that is taken for an image. */
export const IMAGE_NAME: RegExp = /\.(jpe?g|png|webp)$/i;

/**
 * Decodes a JPEG, PNG or WebP image to 8-bit RGB or grey: turned as its EXIF data say, transparency laid on white,
 * CMYK, 16 bits and palettes converted, scaled with an antialiasing filter.
 *
 * @throws Error with the reason for bytes that are no whole image of these formats.
 */
export async function decodeImage(
  bytes: Buffer,
  { decodeSize, fit, channels }: Pick<CheckedImageOptions, "decodeSize" | "fit" | "channels">,
): Promise<RawImage> {
  // The file's name says nothing about its bytes, and sharp would also run parsers for SVG, PDF and others.
  if (!isKnownFormat(bytes)) throw new Error("its bytes are not those of a JPEG, PNG or WebP image");
  const decoded = sharp(bytes, { failOn: "error", sequentialRead: true })
    .autoOrient()
    .resize({
      width: decodeSize,
      height: decodeSize,
      fit: fit === "square" ? "cover" : "outside",
      withoutEnlargement: fit === "shortest-side",
    })
    .flatten({ background: "white" })
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  const { data, info } = await decoded.catch((cause: unknown) => {
    // libvips repeats itself, a line for each time that it looked.
    const [reason] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
    throw new Error(reason, { cause });
  });
  return { width: info.width, height: info.height, channels: info.channels, data };
}

/** Whether the bytes begin as those of a JPEG, PNG or WebP image. */
export function isKnownFormat(bytes: Buffer): boolean {
  return (
    bytes.subarray(0, 3).equals(JPEG) ||
    bytes.subarray(0, 8).equals(PNG) ||
    (bytes.toString("latin1", 0, 4) === "RIFF" && bytes.toString("latin1", 8, 12) === "WEBP")
  );
}

const JPEG = Buffer.from([0xff, 0xd8, 0xff]);

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
