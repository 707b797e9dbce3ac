import type { RawImage } from "@blockwise/spec";
import sharp, { type Sharp } from "sharp";
import { isKnownFormat } from "./decode-image.js";

/**
 * Decodes a JPEG, PNG or WebP image at full size, as Pillow's `Image.open(file).convert("RGB")`, which torchvision's
 * folders use: EXIF orientation and colour profiles are not applied. JPEG files in RGB, grey and CMYK give Pillow's
 * bytes.
 *
 * Differs from Pillow: transparency is laid on white, and 16 bits are scaled to 8 instead of clipped.
 *
 * @throws Error with the reason for bytes that are no whole image of these formats.
 */
export async function decodeWholeImage(bytes: Buffer, channels: 1 | 3): Promise<RawImage> {
  if (!isKnownFormat(bytes)) throw new Error("its bytes are not those of a JPEG, PNG or WebP image");
  const input = jpegComponents(bytes) === 4 ? await fromCmyk(bytes) : sharp(bytes, READING);
  const { data, info } = await input
    .flatten({ background: "white" })
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: info.channels, data };
}

const READING = { failOn: "error", sequentialRead: true, ignoreIcc: true } as const;

/** Pillow's conversion: `white - ink`, where black ink darkens what the others leave. */
async function fromCmyk(bytes: Buffer): Promise<Sharp> {
  const { data, info } = await sharp(bytes, READING)
    .pipelineColourspace("cmyk")
    .toColourspace("cmyk")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const rgb = Buffer.alloc(width * height * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    const light = 255 - (data[from + 3] as number);
    for (let ink = 0; ink < 3; ink++) {
      rgb[to + ink] = Math.max(0, light - multiplyBytes(data[from + ink] as number, light));
    }
  }
  return sharp(rgb, { raw: { width, height, channels: 3 } });
}

/** `a * b / 255`, rounded, without a division. */
function multiplyBytes(a: number, b: number): number {
  const product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

/** The number of colour components that a JPEG file says it has; 0 for other files. */
function jpegComponents(bytes: Buffer): number {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return 0;
  let place = 2;
  while (place + 9 < bytes.length && bytes[place] === 0xff) {
    const marker = bytes[place + 1] as number;
    // Markers may be padded with any number of 0xff.
    if (marker === 0xff) {
      place++;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return bytes[place + 9] as number;
    place += 2 + bytes.readUInt16BE(place + 2);
  }
  return 0;
}
