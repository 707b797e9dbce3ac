import { createEngine } from "@blockwise/engine";
import { convolutionExpansion } from "@blockwise/heads";
import type { AugmentationV1, EngineV1, StoredImages } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { plainView, tinyImages } from "../__fixtures__/tiny-images.js";
import { tinyNetwork } from "../__fixtures__/tiny-network.js";
import type { Network } from "../wiring/network.js";
import { calibrateProbe, extractFeatures } from "./extract-features.js";
import { createFeatureProbe, type FeatureProbe } from "./feature-probe.js";

let engine: EngineV1;
let network: Network;
let probe: FeatureProbe;
const head = convolutionExpansion({ dim: 6 });
const source = tinyImages(10);
const pass = { source, augmentation: plainView(), workers: 0 };

beforeAll(async () => {
  engine = await createEngine({ name: "wasm" });
});
beforeEach(() => {
  network = tinyNetwork(engine);
  probe = createFeatureProbe({ network, head, seed: 1 });
});
afterEach(() => {
  probe.dispose();
  network.dispose();
});

describe("extractFeatures", () => {
  it("leaves out the rows of images that are read from files and broken", async () => {
    const store: StoredImages = {
      kind: "stored",
      channels: 3,
      paths: { root: "2,4,5,6,7", bytes: new Uint8Array(), ends: new Float64Array() },
      files: Uint32Array.from({ length: 10 }, (_, index) => index),
      spans: null,
      maxBrokenShare: 1,
      readerRecipe: {
        module: new URL("../__fixtures__/reader-with-gaps.mjs", import.meta.url).href,
        exportName: "readerWithGaps",
      },
    };
    const gaps = { ...source, store };
    const [first] = await extractFeatures({ ...pass, source: gaps, probe, batchSize: 4 });
    expect([...(first?.indices ?? [])]).toEqual([0, 1, 3, 8, 9]);
    expect([...(first?.raw.labels ?? [])]).toEqual([0, 1, 1, 0, 1]);
    expect(first?.raw.features).toHaveLength(5 * 4);
    expect(first?.head.features).toHaveLength(5 * 6);
    const [alone] = await extractFeatures({ ...pass, source: gaps, probe, batchSize: 1 });
    expect(alone?.raw.features).toBeCloseToTensor(first?.raw.features ?? [], { absolute: 1e-5 });
  });

  it("reads after a network's own blocks without a probe, and leaves no tensor", async () => {
    const two = tinyNetwork(engine, { partition: 2 });
    const tensors = tf.memory().numTensors;
    const tables = await extractFeatures({ ...pass, network: two, batchSize: 4 });
    expect(tf.memory().numTensors).toBe(tensors);
    expect(tables.map(({ trainedHead }) => trainedHead)).toEqual([true, true]);
    const sameDepths = createFeatureProbe({ network: two, depths: 2, head, seed: 1 });
    expect(tables).toEqual(await extractFeatures({ ...pass, probe: sameDepths, batchSize: 4 }));
    sameDepths.dispose();
    two.dispose();
  });

  it("reads all images in the source's order, the last batch smaller", async () => {
    const tables = await extractFeatures({ ...pass, probe, batchSize: 4 });
    expect(tables.map(({ id, trainedHead, raw, head: { dim } }) => [id, trainedHead, raw.dim, dim])).toEqual([
      ["layer1", true, 4, 6],
      ["layer2", true, 8, 6],
      ["layer3", true, 16, 6],
    ]);
    for (const index of [0, 5, 9]) {
      const pixels = Float32Array.from((await source.image(index)).data, (value) => value / 255);
      const image = tf.tensor4d(pixels, [1, 8, 8, 3]);
      for (const [depth, { raw, head: pooled }] of probe.features(image).entries()) {
        const rowOf = (table: { features: Float32Array; dim: number } | undefined) =>
          table?.features.slice(index * table.dim, (index + 1) * table.dim) ?? [];
        expect(rowOf(tables[depth]?.raw)).toBeCloseToTensor(raw.dataSync(), { absolute: 1e-5 });
        expect(rowOf(tables[depth]?.head)).toBeCloseToTensor(pooled.dataSync(), { absolute: 1e-5 });
        tf.dispose([raw, pooled]);
      }
      image.dispose();
    }
    for (const { raw, head: pooled } of tables) {
      expect([...raw.labels]).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
      expect(raw.features).toHaveLength(10 * raw.dim);
      expect(pooled.features).toHaveLength(60);
    }
  });

  it("does not depend on the size of batches, and labels images without labels -1", async () => {
    const unlabelled = { ...pass, source: { ...source, labels: null, classNames: null }, probe };
    const [small, large] = [
      await extractFeatures({ ...unlabelled, batchSize: 3 }),
      await extractFeatures(unlabelled),
    ];
    expect([...(small[0]?.raw.labels ?? [])]).toEqual(Array(10).fill(-1));
    expect(small[2]?.head.features ?? []).toBeCloseToTensor(large[2]?.head.features ?? [], {
      absolute: 1e-5,
    });
  });

  it("leaves no tensor behind", async () => {
    await expect(() => extractFeatures({ ...pass, probe, batchSize: 4 })).toLeakNoTensors();
    await expect(async () => {
      const failing = {
        ...probe,
        features: () => {
          throw new Error("No features.");
        },
      };
      await expect(extractFeatures({ ...pass, probe: failing })).rejects.toThrow("No features.");
    }).toLeakNoTensors();
  });

  it("refuses an augmentation of several views", async () => {
    const augmentation = { ...plainView(), views: 2 };
    await expect(extractFeatures({ ...pass, augmentation, probe })).rejects.toThrow(
      expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option: "augmentation" }),
    );
  });
});

describe("calibrateProbe", () => {
  /** The batch sizes that a probe was calibrated with. */
  async function calibrated(images: number, batchSize: number, batchCount?: number): Promise<number[]> {
    const sizes: number[] = [];
    const spy: FeatureProbe = { ...probe, calibrate: (batch) => void sizes.push(batch.shape[0] ?? 0) };
    const request = { ...pass, source: tinyImages(images), probe: spy, batchSize };
    await calibrateProbe(request, "all", batchCount);
    return sizes;
  }

  it("goes through the images again until there were as many batches as wanted", async () => {
    expect(await calibrated(8, 4, 5)).toEqual([4, 4, 4, 4, 4]);
    expect(await calibrated(8, 4)).toHaveLength(50);
  });

  it("uses full batches only: a last batch of one image has no statistics", async () => {
    expect(await calibrated(9, 4, 3)).toEqual([4, 4, 4]);
  });

  it("makes do with one batch of all images where there are fewer", async () => {
    expect(await calibrated(3, 4, 2)).toEqual([3, 3]);
  });

  it("draws images from the whole source, not from its first class", async () => {
    const seen = new Set<number>();
    const source = tinyImages(64);
    const watching: AugmentationV1 = {
      ...plainView(),
      doView: ({ image, out }) => {
        seen.add(image.data.byteOffset / image.data.length);
        out.fill(1);
      },
    };
    const spy: FeatureProbe = { ...probe, calibrate: () => undefined };
    await calibrateProbe({ ...pass, augmentation: watching, source, probe: spy, batchSize: 8 }, "all", 2);
    expect(seen.size).toBeGreaterThanOrEqual(16);
    expect([...seen].some((index) => index >= 16)).toBe(true);
  });

  it("hands on which layers", async () => {
    const layers: string[] = [];
    const spy: FeatureProbe = { ...probe, calibrate: (_, which) => void layers.push(which) };
    await calibrateProbe({ ...pass, probe: spy }, "fresh-heads", 1);
    expect(layers).toEqual(["fresh-heads"]);
  });
});
