import { readFile } from "node:fs/promises";
import type { RawImage } from "@blockwise/spec";
import { describe, expect, it } from "vitest";
import { generate } from "../../assembly/build.mjs";
import { gaussianBlurInto } from "./blur.js";
import { bytesAt, kernels, layOut } from "./kernels.js";
import { makeResample } from "./resample.js";

function noise(height: number, width: number, channels: number): RawImage {
  const data = Uint8Array.from(
    { length: height * width * channels },
    (_, place) => Math.imul(place + 7, 2654435761) >>> 24,
  );
  return { height, width, channels, data };
}

/** The image of one channel of another. */
function channelOf({ height, width, channels, data }: RawImage, channel: number): RawImage {
  return { height, width, channels: 1, data: data.filter((_, place) => place % channels === channel) };
}

describe("kernels", () => {
  it("are what assembly/ compiles to", async () => {
    const committed = await readFile(new URL("./kernels.generated.ts", import.meta.url), "utf8");
    expect(committed, "run `pnpm build:kernels` in packages/augment").toBe(await generate());
  });

  // Grey goes through plain loops and colour through vectors: each channel must come out as grey would.
  it.each([
    [1, 1],
    [3, 5],
    [4, 16],
    [7, 11],
    [33, 6],
    [50, 37],
  ])("resize and blur colour as they do grey, at %i x %i", (height, width) => {
    const image = noise(height, width, 3);
    const box = { top: 0, left: 0, height, width };
    for (const [toHeight, toWidth] of [
      [1, 1],
      [5, 9],
      [40, 70],
    ] as const) {
      for (const interpolation of ["bicubic", "bilinear"] as const) {
        const colour = makeResample(interpolation)(image, box, toHeight, toWidth);
        for (let channel = 0; channel < 3; channel++) {
          const grey = makeResample(interpolation)(channelOf(image, channel), box, toHeight, toWidth);
          expect(channelOf(colour, channel).data).toEqual(grey.data);
        }
      }
    }
    for (const sigma of [0.1, 1.3, 8]) {
      const out = noise(height, width, 3);
      gaussianBlurInto(image, out, sigma);
      for (let channel = 0; channel < 3; channel++) {
        const grey = noise(height, width, 1);
        gaussianBlurInto(channelOf(image, channel), grey, sigma);
        expect(channelOf(out, channel).data).toEqual(grey.data);
      }
    }
  });

  it("clamp sums, and take boxes from the middle", () => {
    const image = noise(12, 14, 3);
    const resample = makeResample("bicubic");
    const whole = resample(image, { top: 0, left: 0, height: 12, width: 14 }, 12, 14).data.slice();
    expect(whole).toEqual(image.data);
    const { data } = resample(image, { top: 3, left: 5, height: 4, width: 6 }, 4, 6);
    for (let row = 0; row < 4; row++) {
      const start = ((3 + row) * 14 + 5) * 3;
      expect(data.slice(row * 18, row * 18 + 18)).toEqual(image.data.slice(start, start + 18));
    }
    const stripes = { ...image, data: image.data.map((_, place) => (place % 6 < 3 ? 0 : 255)) };
    const large = resample(stripes, { top: 0, left: 0, height: 12, width: 14 }, 60, 70).data;
    expect([Math.min(...large), Math.max(...large)]).toEqual([0, 255]);
  });

  it("take memory as they need it, and leave what lies beside alone", () => {
    const [one = 0, other = 0] = layOut(10, 3_000_000);
    expect(other % 16).toBe(0);
    bytesAt(other, 3_000_000).fill(9);
    bytesAt(one, 10).fill(5);
    expect(bytesAt(other, 3_000_000).every((byte) => byte === 9)).toBe(true);
    // Two columns of one row: the rest of the 16 that are blurred at once is not written.
    const [pixels = 0, a = 0, b = 0] = layOut(2, 16 * 5, 16 * 5);
    bytesAt(pixels, 34).fill(77);
    kernels.blurColumns(pixels, 2, 1, 1, a, b, 1, 2 ** 22, 2 ** 21);
    expect([...bytesAt(pixels, 34)]).toEqual(new Array(34).fill(77));
  });
});
