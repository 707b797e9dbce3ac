import type { RawImage } from "@blockwise/spec";
import type { ColorChange } from "../pixels/change-colors.js";

// The same arithmetic pixel by pixel in plain JavaScript, one pass a change: what the kernels must agree with.

/** Changes an image's colours in place. */
export function changePlainly(image: RawImage, { property, amount }: ColorChange): void {
  switch (property) {
    case "brightness":
      return mixWithLevel(image, 0, amount);
    case "contrast":
      return mixWithLevel(image, Math.floor(meanLuminance(image) + 0.5), amount);
    case "saturation":
      return saturate(image, amount);
    case "hue":
      return turnHue(image, amount);
  }
}

/** Pillow's `convert("L")`. */
export function luminance(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}

function saturate({ data }: RawImage, factor: number): void {
  const rounded = Math.fround(factor);
  for (let place = 0; place < data.length; place += 3) {
    const [red = 0, green = 0, blue = 0] = data.subarray(place, place + 3);
    const grey = luminance(red, green, blue);
    data.set([blend(grey, red, rounded), blend(grey, green, rounded), blend(grey, blue, rounded)], place);
  }
}

function mixWithLevel({ data }: RawImage, level: number, factor: number): void {
  const rounded = Math.fround(factor);
  for (const [place, value] of data.entries()) data[place] = blend(level, value, rounded);
}

function meanLuminance({ data }: RawImage): number {
  let sum = 0;
  for (let place = 0; place < data.length; place += 3) {
    sum += luminance(data[place] as number, data[place + 1] as number, data[place + 2] as number);
  }
  return sum / (data.length / 3);
}

/** Pillow's `Image.blend`, whose arithmetic is float32. */
function blend(degenerate: number, value: number, factor: number): number {
  const mixed = Math.fround(degenerate + Math.fround(factor * (value - degenerate)));
  return mixed <= 0 ? 0 : mixed >= 255 ? 255 : mixed | 0;
}

function turnHue(image: RawImage, factor: number): void {
  const source = image.data;
  const target = image.data;
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
