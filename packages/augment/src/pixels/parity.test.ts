import { readFileSync } from "node:fs";
import type { RawImage } from "@blockwise/spec";
import { describe, expect, test } from "vitest";
import { gaussianBlurInto } from "./blur.js";
import { type ColorChange, changeColors } from "./change-colors.js";
import { flipHorizontally } from "./flip.js";
import { toGrayscale } from "./grayscale.js";
import { type Interpolation, makeResample } from "./resample.js";
import { solarizeAbove } from "./solarize.js";

/** Made with Pillow and torchvision 0.14; each tensor's metadata has the parameters of the operation. */
const fixture = readSafetensors(new URL("../__fixtures__/augmentations.safetensors", import.meta.url));

type Adjust = (image: RawImage, out: RawImage, value: number) => void;

const inPlace: Readonly<Record<string, Adjust>> = {
  hflip: flipHorizontally,
  brightness: adjust("brightness"),
  contrast: adjust("contrast"),
  saturation: adjust("saturation"),
  hue: adjust("hue"),
  grayscale: toGrayscale,
  gaussian_blur: gaussianBlurInto,
  solarize: solarizeAbove,
};

describe.each(["0", "1", "2", "3"])("image %s has the pixels of Pillow and torchvision", (image) => {
  const input = fixture.image(`${image}.input`);

  test.each(Object.entries(inPlace))("after %s", (name, adjust) => {
    const expected = fixture.image(`${image}.${name}`);
    const { factor, radius, threshold } = fixture.parameters(`${image}.${name}`);
    const out = { ...input, data: new Uint8Array(input.data.length) };
    adjust(input, out, factor ?? radius ?? threshold ?? Number.NaN);
    expect(largestDifference(out, expected)).toBe(0);
  });

  test.each(["bicubic.0", "bicubic.1", "bilinear.0", "bilinear.1"])("after a crop resized by %s", (name) => {
    const expected = fixture.image(`${image}.crop_${name}`);
    const { top, left, height, width, size } = fixture.parameters(`${image}.crop_${name}`) as Required<Crop>;
    const resample = makeResample(name.split(".")[0] as Interpolation);
    const out = resample(input, { top, left, height, width }, size, size);
    expect(largestDifference(out, expected)).toBe(0);
  });
});

function adjust(property: ColorChange["property"]): Adjust {
  return (image, out, amount) => changeColors(image, out, [{ property, amount }]);
}

interface Crop {
  top?: number;
  left?: number;
  height?: number;
  width?: number;
  size?: number;
}

interface Parameters extends Crop {
  factor?: number;
  radius?: number;
  threshold?: number;
}

function largestDifference(image: RawImage, expected: RawImage): number {
  expect([image.height, image.width, image.channels]).toEqual([
    expected.height,
    expected.width,
    expected.channels,
  ]);
  return image.data.reduce(
    (most, value, place) => Math.max(most, Math.abs(value - (expected.data[place] ?? 0))),
    0,
  );
}

function readSafetensors(file: URL): {
  image(name: string): RawImage;
  parameters(name: string): Parameters;
} {
  const bytes = readFileSync(file);
  const begin = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, begin).toString("utf8"));
  return {
    image: (name) => {
      const { shape, data_offsets: offsets } = header[name];
      const data = new Uint8Array(bytes.subarray(begin + offsets[0], begin + offsets[1]));
      return { height: shape[0], width: shape[1], channels: shape[2], data };
    },
    parameters: (name) => JSON.parse(header.__metadata__[name]),
  };
}
