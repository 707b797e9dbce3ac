import { fileURLToPath } from "node:url";
import { evaluationView, trainCropView } from "@blockwise/augment";
import { openImageFolder } from "@blockwise/data";
import { fold, generator, rootKey } from "@blockwise/random";
import type { AugmentationV1, RawImage } from "@blockwise/spec";
import { describe, expect, it } from "vitest";

const fixtures = fileURLToPath(new URL("./__fixtures__/", import.meta.url));
const whole = { mean: [0, 0, 0], std: [1, 1, 1] };

/** Mean and largest difference in grey levels, where both JPEG decoders and both ways to resize take part. */
function differences(image: RawImage, augmentation: AugmentationV1, expected: RawImage) {
  const { height, width, channels } = augmentation.shape;
  const out = new Float32Array(height * width * channels);
  augmentation.doView({ image, view: 0, random: generator(fold(rootKey(1), "view")), out });
  let sum = 0;
  let most = 0;
  for (const [place, value] of out.entries()) {
    const difference = Math.abs(Math.round(value * 255) - (expected.data[place] as number));
    sum += difference;
    most = Math.max(most, difference);
  }
  return { mean: sum / out.length, most };
}

describe("a photograph's file at 224 pixels", () => {
  it("is what Pillow and torchvision make of it, byte for byte", async () => {
    const { train } = await openImageFolder(fixtures, { storage: "stream" });
    expect(train.size).toBe(3);
    // In the order of their names: the crop of the whole image, the evaluation's view, the photograph.
    const [crop, scored, photograph] = await Promise.all([0, 1, 2].map((index) => train.image(index)));
    if (crop === undefined || scored === undefined || photograph === undefined) throw new Error("no images");
    expect([photograph.width, photograph.height]).toEqual([480, 360]);
    const all = { size: 224, scale: [1, 1], ratio: [4 / 3, 4 / 3], flip: 0, ...whole } as const;
    expect(differences(photograph, trainCropView(all), crop)).toEqual({ mean: 0, most: 0 });
    const view = evaluationView({ size: 224, cropFraction: 1, interpolation: "bicubic", ...whole });
    expect(differences(photograph, view, scored)).toEqual({ mean: 0, most: 0 });
    // The comparison can fail: other weights are another picture.
    const other = differences(photograph, trainCropView({ ...all, interpolation: "bilinear" }), crop);
    expect(other.mean).toBeGreaterThan(0.1);
  });
});
