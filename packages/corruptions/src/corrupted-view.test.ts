import { fold, generator, rootKey } from "@blockwise/random";
import type { AugmentationV1, JsonObject } from "@blockwise/spec";
import { describe, expect, it } from "vitest";
import { corruptedView, corruptedViewFromRecipe, corruption } from "./index.js";

const module = new URL("./__fixtures__/plain-view.mjs", import.meta.url).href;
const normalization = { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] };
const image = {
  width: 8,
  height: 8,
  channels: 3,
  data: Uint8Array.from({ length: 192 }, (_, place) => (place * 29) % 256),
};

async function plainView(options: JsonObject = normalization): Promise<AugmentationV1> {
  return (await import(module)).plainView(options);
}

function viewOf(augmentation: AugmentationV1, seed = 1): Float32Array {
  const out = new Float32Array(192);
  augmentation.doView({ image, view: 0, random: generator(rootKey(seed)), out });
  return out;
}

function bytesOf(view: Float32Array): number[] {
  const { mean, std } = normalization;
  return [...view].map((value, place) => {
    const channel = place % 3;
    return Math.abs(Math.round(255 * (value * (std[channel] ?? 0) + (mean[channel] ?? 0))));
  });
}

describe("corruptedView", () => {
  it("corrupts the bytes of the view below and normalises them as it does", async () => {
    const view = await plainView();
    const options = { corruption: "contrast", severity: 3, scale: "cifar" } as const;
    const corrupted = corruptedView({ view, ...options });
    const expected = corruption(options).apply(image, generator(rootKey(0))).data;
    expect(bytesOf(viewOf(corrupted))).toEqual([...expected]);
    expect(corrupted.shape).toEqual(view.shape);
  });

  it("has the same draws at all severities, and others for another corruption", async () => {
    const view = await plainView();
    const random = generator(rootKey(1));
    const key = { high: random.integer(2 ** 32), low: random.integer(2 ** 32) };
    for (const severity of [1, 5] as const) {
      for (const name of ["gaussian-noise", "impulse-noise"] as const) {
        const options = { corruption: name, severity, scale: "cifar" } as const;
        const expected = corruption(options).apply(image, generator(fold(key, name))).data;
        expect(bytesOf(viewOf(corruptedView({ view, ...options })))).toEqual([...expected]);
      }
    }
  });

  it("is made again by threads from its options, which are plain JSON", async () => {
    const first = corruptedView({
      view: await plainView(),
      corruption: "snow",
      severity: 2,
      scale: "imagenet",
    });
    expect(first.workerRecipe).toMatchObject({ exportName: "corruptedViewFromRecipe" });
    const options = JSON.parse(JSON.stringify(first.options));
    expect(options).toEqual(first.options);
    const again = await corruptedViewFromRecipe(options);
    expect(viewOf(again)).toEqual(viewOf(first));
    expect(viewOf(again)).not.toEqual(viewOf(first, 2));
  });

  it("has no recipe where the view below has none", async () => {
    const { workerRecipe: _, ...view } = await plainView();
    const corrupted = corruptedView({ view, corruption: "fog", severity: 1, scale: "cifar" });
    expect(corrupted.workerRecipe).toBeUndefined();
    expect(viewOf(corrupted).every(Number.isFinite)).toBe(true);
  });

  it.each([
    ["of two views", "view", { views: 2 }],
    ["of two channels", "view", { shape: { height: 8, width: 8, channels: 2 } }],
    ["that does not say how it normalises", "view.options", { options: {} }],
    ["of too few means", "view.options", { options: { mean: [0.5], std: [0.5] } }],
  ])("refuses a view %s", async (_, option, change) => {
    const view = { ...(await plainView()), ...change };
    expect(() => corruptedView({ view, corruption: "fog", severity: 1, scale: "cifar" })).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option }),
    );
  });

  it("refuses a view whose normalisation is not the one that it states", async () => {
    const view = { ...(await plainView()), options: { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] } };
    const corrupted = corruptedView({ view, corruption: "fog", severity: 1, scale: "cifar" });
    expect(() => viewOf(corrupted)).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option: "view" }),
    );
  });

  it("refuses a recipe that makes no view", async () => {
    const view = { recipe: { module, exportName: "nothing" }, options: normalization };
    await expect(
      corruptedViewFromRecipe({ view, corruption: "fog", severity: 1, scale: "cifar" }),
    ).rejects.toThrow(expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option: "view.recipe" }));
  });
});
