import type { RawImage } from "@blockwise/spec";
import { doubleChroma, halveChroma } from "./chroma.js";
import { fitPlane, type Plane, quantizePlane } from "./plane.js";
import { quantizationSteps } from "./quantization.js";

/**
 * What is left of an image after baseline JPEG: brightness and colour in 8 x 8 blocks whose frequencies are rounded, colour
 * at half the resolution. The file itself is never made, since its entropy coding loses nothing.
 *
 * Bit-exact with Pillow's `save(file, "JPEG", quality=...)` and libjpeg-turbo on images of more than 4 pixels a side.
 *
 * @param quality - from 1 to 100
 * @see ITU-T T.81 (1992), annexes A and K
 */
export function compressAsJpeg(image: RawImage, quality: number): RawImage {
  const luminance = quantizationSteps("luminance", quality);
  const chrominance = quantizationSteps("chrominance", quality);
  const { width, height, channels } = image;
  if (channels === 1) {
    const plane = { width, height, data: Float64Array.from(image.data) };
    return { ...image, data: Uint8Array.from(compressFull(plane, luminance).data) };
  }
  const [y, blue, red] = toPlanes(image);
  return fromPlanes(
    compressFull(y, luminance),
    compressHalved(blue, chrominance),
    compressHalved(red, chrominance),
  );
}

function compressFull(plane: Plane, steps: readonly number[]): Plane {
  const { width, height } = plane;
  return fitPlane(quantizePlane(fitPlane(plane, upTo(8, height), upTo(8, width)), steps), height, width);
}

function compressHalved(plane: Plane, steps: readonly number[]): Plane {
  const { width, height } = plane;
  // Columns are continued before they are halved, rows after it: so does libjpeg.
  const halved = halveChroma(fitPlane(plane, upTo(2, height), upTo(16, width)));
  const blocks = fitPlane(halved, upTo(8, halved.height), halved.width);
  const seen = fitPlane(quantizePlane(blocks, steps), halved.height, Math.ceil(width / 2));
  return fitPlane(doubleChroma(seen), height, width);
}

function upTo(multiple: number, count: number): number {
  return multiple * Math.ceil(count / multiple);
}

/** The factors of JFIF's colours are whole numbers of this. */
const UNIT = 2 ** 16;

/** Brightness, blueness and redness of JFIF, rounded; the halves of the last two go down. */
function toPlanes({ width, height, data }: RawImage): readonly [Plane, Plane, Plane] {
  const plane = (red: number, green: number, blue: number, offset: number): Plane => ({
    width,
    height,
    data: Float64Array.from({ length: width * height }, (_, pixel) => {
      const value = (channel: number): number => data[3 * pixel + channel] as number;
      return Math.floor((red * value(0) + green * value(1) + blue * value(2) + offset) / UNIT);
    }),
  });
  const middle = 128 * UNIT + UNIT / 2 - 1;
  return [
    plane(19595, 38470, 7471, UNIT / 2),
    plane(-11059, -21709, 32768, middle),
    plane(32768, -27439, -5329, middle),
  ];
}

function fromPlanes(y: Plane, blue: Plane, red: Plane): RawImage {
  const data = new Uint8ClampedArray(3 * y.data.length);
  const rounded = (value: number): number => Math.floor((value + UNIT / 2) / UNIT);
  for (const [pixel, brightness] of y.data.entries()) {
    const b = (blue.data[pixel] as number) - 128;
    const r = (red.data[pixel] as number) - 128;
    data[3 * pixel] = brightness + rounded(91881 * r);
    data[3 * pixel + 1] = brightness + rounded(-22554 * b - 46802 * r);
    data[3 * pixel + 2] = brightness + rounded(116130 * b);
  }
  return { width: y.width, height: y.height, channels: 3, data: new Uint8Array(data.buffer) };
}
