import { trainCropView } from "@blockwise/augment";
import { createEngine } from "@blockwise/engine";
import { globalPool } from "@blockwise/heads";
import { rootKey } from "@blockwise/random";
import type { EngineV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { tinyImages } from "../__fixtures__/tiny-images.js";
import { tinyNetwork } from "../__fixtures__/tiny-network.js";
import { createFeatureLoader, type FeatureLoader, type FeatureLoaderOptions } from "./feature-loader.js";
import { createFeatureProbe } from "./feature-probe.js";

let engine: EngineV1;
beforeAll(async () => {
  engine = await createEngine({ name: "wasm" });
});

function open(changes: Partial<FeatureLoaderOptions> = {}): FeatureLoader {
  const network = tinyNetwork(engine);
  const probe = createFeatureProbe({ network, head: globalPool(), seed: 1 });
  const loader = createFeatureLoader({
    probe,
    source: tinyImages(10),
    augmentation: trainCropView({ size: 8 }),
    key: rootKey(4),
    batchSize: 4,
    workers: 0,
    ...changes,
  });
  onTestFinished(async () => {
    await loader.close();
    probe.dispose();
    network.dispose();
  });
  return loader;
}

/** The labels and the first depth's features of an epoch. */
async function read(loader: FeatureLoader, epoch: number): Promise<{ labels: number[]; raw: number[] }> {
  const labels: number[] = [];
  const raw: number[] = [];
  const whole = await loader.epoch(epoch, (batch) => {
    labels.push(...batch.labels.dataSync());
    raw.push(...(batch.depths[0]?.raw.dataSync() ?? []));
  });
  expect(whole).toBe(true);
  return { labels, raw };
}

describe("createFeatureLoader", () => {
  it("shows every image once an epoch, other views each time, the same for the same key", async () => {
    const loader = open();
    expect(loader.batchesPerEpoch).toBe(3);
    const first = await read(loader, 0);
    expect(first.raw).toHaveLength(40);
    expect(first.labels.filter((label) => label === 0)).toHaveLength(5);
    const second = await read(loader, 1);
    expect(new Set([...first.raw, ...second.raw]).size).toBeGreaterThan(70);
    expect(await read(open(), 1)).toEqual(second);
    expect(await read(open({ key: rootKey(5) }), 1)).not.toEqual(second);
  });

  it("frees what the reader leaves about, also when the reader throws", async () => {
    const loader = open();
    await read(loader, 0);
    const before = tf.memory().numTensors;
    await loader.epoch(0, ({ depths }) => void tf.add(depths[0]?.raw ?? 0, 1));
    const failing = loader.epoch(0, () => {
      throw new Error("no more room");
    });
    await expect(failing).rejects.toThrow("no more room");
    expect(tf.memory().numTensors).toBe(before);
  });

  it("ends an epoch early when it is aborted", async () => {
    const controller = new AbortController();
    const loader = open({ signal: controller.signal });
    let batches = 0;
    const whole = await loader.epoch(0, () => {
      batches += 1;
      controller.abort();
    });
    expect([whole, batches]).toEqual([false, 1]);
  });
});
