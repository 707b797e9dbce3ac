import { defineBlocks } from "@blockwise/core";
import { describe, expect, it } from "vitest";
import type { ResolvedConfig } from "../config/schema.js";
import { controls } from "../experiment/controls.js";
import { smoke } from "../presets/smoke.js";
import { createPlugins } from "./plugins.js";

const statistics = { channels: 3, mean: [0, 0, 0], std: [1, 1, 1] } as const;

const config: ResolvedConfig = {
  ...smoke,
  data: { ...smoke.data, imageSize: 16 },
  augmentation: { ...smoke.augmentation, flip: true },
  partition: 2,
  head: { perBlock: [{ kind: "global-pool" }, { kind: "convolution-expansion", dim: 8, kernelSize: 1 }] },
  projector: { perBlock: [{ widths: [8] }, { widths: [16, 16] }] },
  loss: { perBlock: [smoke.loss as never, { kind: "simclr", temperature: 0.5 }] },
  noise: { perBlock: [null, { kind: "all", standardDeviation: 0.25 }] },
};

async function wire(changed: ResolvedConfig) {
  const plugins = await createPlugins(changed, statistics);
  const blocks = defineBlocks({
    ...plugins,
    partition: changed.partition,
    imageShape: [16, 16, 3],
    batchSize: changed.batchSize,
    classCount: null,
  });
  return blocks.map((block) => ({
    features: block.site.featureDim,
    embedding: block.site.embeddingDim,
    loss: block.loss.id,
    noise: typeof plugins.noise === "function" ? plugins.noise(block) : plugins.noise,
  }));
}

describe("createPlugins", () => {
  it("gives each block what the configuration says for it", async () => {
    expect(await wire(config)).toEqual([
      { features: 8, embedding: 8, loss: "barlow-twins", noise: null },
      { features: 8, embedding: 16, loss: "simclr", noise: { kind: "all", standardDeviation: 0.25 } },
    ]);
  });

  it("gives the end-to-end control what the last block has", async () => {
    expect(await wire(controls["end-to-end"](config))).toEqual([
      { features: 8, embedding: 16, loss: "simclr", noise: { kind: "all", standardDeviation: 0.25 } },
    ]);
  });

  it.each(["head", "projector", "loss"])(
    "refuses a list for %s that has not one entry a block",
    async (option) => {
      const others = controls["end-to-end"]({ ...config });
      const wrong = { ...others, partition: 4, [option]: config[option as "head"] } as const;
      await expect(wire(wrong)).rejects.toThrow(
        expect.objectContaining({
          option: `${option}.perBlock`,
          message: expect.stringMatching(/a list of 4, .* but is "?a list of 2/),
        }),
      );
    },
  );
});
