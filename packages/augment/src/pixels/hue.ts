import type { RawImage } from "@blockwise/spec";

/**
 * Turns the hue by `factor` of a full turn: torchvision's `adjust_hue` on Pillow images, bit-exact, by way of hue,
 * saturation and value as bytes. That way loses a little even when the turn is 0.
 *
 * @param image - 3 channels; borrowed; may be `out`
 * @param out - of the same shape; overwritten
 * @param factor - from -0.5 to 0.5
 */
export function adjustHue(image: RawImage, out: RawImage, factor: number): void {
  const source = image.data;
  const target = out.data;
  const turn = Math.trunc(factor * 255) & 255;
  for (let place = 0; place < source.length; place += 3) {
    const red = source[place] as number;
    const green = source[place + 1] as number;
    const blue = source[place + 2] as number;
    const value = Math.max(red, green, blue);
    const least = Math.min(red, green, blue);
    const chroma = value - least;
    const saturation = chroma === 0 ? 0 : (Math.fround(chroma / value) * 255) | 0;
    if (saturation === 0) {
      target[place] = value;
      target[place + 1] = value;
      target[place + 2] = value;
      continue;
    }
    const hue = (hueOf(red, green, blue, value, chroma) + turn) & 255;
    const sector = SECTORS[hue] as number;
    const fraction = FRACTIONS[hue] as number;
    const share = Math.fround(saturation / 255);
    const low = roundByte(value * (1 - share));
    const falling = roundByte(value * (1 - Math.fround(share * fraction)));
    const rising = roundByte(value * (1 - share * (1 - fraction)));
    target[place] =
      sector === 0 || sector === 5 ? value : sector === 1 ? falling : sector === 4 ? rising : low;
    target[place + 1] =
      sector === 1 || sector === 2 ? value : sector === 0 ? rising : sector === 3 ? falling : low;
    target[place + 2] =
      sector === 3 || sector === 4 ? value : sector === 2 ? rising : sector === 5 ? falling : low;
  }
}

/** The sextant of each hue and how far into it, as Pillow computes them: double arithmetic, kept as float32. */
const SECTORS = Uint8Array.from({ length: 256 }, (_, hue) => Math.floor((hue * 6) / 255) % 6);
const FRACTIONS = Float32Array.from(
  { length: 256 },
  (_, hue) => (hue * 6) / 255 - Math.floor((hue * 6) / 255),
);

function hueOf(red: number, green: number, blue: number, value: number, chroma: number): number {
  const fromRed = Math.fround((value - red) / chroma);
  const fromGreen = Math.fround((value - green) / chroma);
  const fromBlue = Math.fround((value - blue) / chroma);
  const sextants =
    red === value
      ? Math.fround(fromBlue - fromGreen)
      : green === value
        ? Math.fround(2 + fromRed - fromBlue)
        : Math.fround(4 + fromGreen - fromRed);
  const turns = sextants / 6 + 1;
  return (Math.fround(turns >= 1 ? turns - 1 : turns) * 255) | 0;
}

function roundByte(value: number): number {
  return (value + 0.5) | 0;
}
