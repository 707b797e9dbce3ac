import { fold, rootKey } from "@blockwise/random";
import { type AugmentationV1, DataSourceError, type DataSourceV1, InvalidOptionError } from "@blockwise/spec";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { createLoader, type Loader } from "./create-loader.js";
import type { LoaderOptions } from "./loader-options.js";

const fixtures = new URL("./__fixtures__/", import.meta.url);
const size = 24;
let augmentation: AugmentationV1;

beforeAll(async () => {
  augmentation = (await import(new URL("probe-augmentation.mjs", fixtures).href)).probe({});
});

const open: Loader[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((loader) => loader.close()));
});

/** Images that stay in two "shards" until they are read; labels are ten times the index. */
function storedSource(broken: readonly number[], maxBrokenShare = 1): DataSourceV1 {
  return {
    specificationVersion: "v1",
    kind: "data-source",
    id: "stored",
    options: {},
    description: "images in files",
    size,
    channels: 1,
    classNames: null,
    labels: Int32Array.from({ length: size }, (_, index) => 10 * index),
    store: {
      kind: "stored",
      channels: 1,
      paths: { root: "/", bytes: Uint8Array.from(broken), ends: new Float64Array() },
      files: Uint32Array.from({ length: size }, (_, index) => index),
      spans: null,
      maxBrokenShare,
      readerRecipe: { module: new URL("probe-reader.mjs", fixtures).href, exportName: "probeReader" },
    },
    image: async () => {
      throw new Error("loaders read by themselves");
    },
  };
}

function makeLoader(options: Partial<LoaderOptions>): Loader {
  const key = fold(rootKey(5), "loader");
  const loader = createLoader({ source: storedSource([]), augmentation, batchSize: 4, key, ...options });
  open.push(loader);
  return loader;
}

async function collect(loader: Loader, epoch: number, start?: number) {
  const seen: { step: number; indices: number[]; labels: number[]; views: number[][] }[] = [];
  for await (const { step, indices, labels, views, release } of loader.epoch(epoch, start)) {
    seen.push({ step, indices: [...indices], labels: [...(labels ?? [])], views: views.map((v) => [...v]) });
    release();
  }
  return seen;
}

describe("stored images", () => {
  it.each([1, 2, 3])("are the same with %i workers as with none, broken ones too", async (workers) => {
    const source = storedSource([3, 4, 11]);
    const expected = await collect(makeLoader({ source, workers: 0 }), 2);
    const loader = makeLoader({ source, workers });
    expect(await collect(loader, 2)).toEqual(expected);
    expect(await collect(loader, 2, 3)).toEqual(expected.slice(3));
  });

  it("have another image in place of a broken one, with its own label and views", async () => {
    const whole = (await collect(makeLoader({ workers: 0 }), 1)).flatMap(({ indices }) => indices);
    const loader = makeLoader({ source: storedSource([3, 4]), workers: 0 });
    const batches = await collect(loader, 1);
    const indices = batches.flatMap((batch) => batch.indices);
    expect(indices).toHaveLength(size);
    for (const [place, index] of indices.entries()) {
      if (whole[place] === 3 || whole[place] === 4) expect([3, 4]).not.toContain(index);
      else expect(index).toBe(whole[place]);
    }
    for (const batch of batches) {
      expect(batch.labels).toEqual(batch.indices.map((index) => 10 * index));
      for (const view of batch.views) expect(view.filter((_, at) => at % 5 === 0)).toEqual(batch.indices);
    }
    // The image that stands in is in the epoch once more by itself, with other random numbers.
    const draws = batches.flatMap(({ views }) => views.flat()).filter((_, at) => at % 5 !== 0);
    expect(new Set(draws).size).toBe(draws.length);
    expect(loader.report()).toMatchObject({
      images: size,
      broken: { count: 2, names: ["image-3 (cut off)", "image-4 (cut off)"] },
    });
    expect(loader.report().imagesPerSecond).toBeGreaterThan(0);
  });

  it.each([0, 2])(
    "leave broken ones out where the order is the source's, with %i workers",
    async (workers) => {
      const source = storedSource([0, 5, 8, 9, 10, 11]);
      const loader = makeLoader({ source, workers, shuffle: false, dropLast: false });
      const batches = await collect(loader, 0);
      // The third batch has no image left.
      expect(batches.map(({ step, indices }) => [step, ...indices])).toEqual([
        [0, 1, 2, 3],
        [1, 4, 6, 7],
        [3, 12, 13, 14, 15],
        [4, 16, 17, 18, 19],
        [5, 20, 21, 22, 23],
      ]);
      for (const { indices, views, labels } of batches) {
        expect(labels).toEqual(indices.map((index) => 10 * index));
        for (const view of views) expect(view.filter((_, at) => at % 5 === 0)).toEqual(indices);
      }
    },
  );

  it.each([0, 2])("end the run when more are broken than may be, with %i workers", async (workers) => {
    const failing = collect(makeLoader({ source: storedSource([1, 2, 3], 0.1), workers }), 0);
    const error = await failing.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(DataSourceError);
    expect(String(error)).toMatch(/At most 2 of the 24 images of "stored" may be broken, but 3 are: image-1/);
    const one = collect(makeLoader({ source: storedSource([2], 0), workers }), 0);
    await expect(one).rejects.toThrow('No image of "stored" may be broken, but 1 is: image-2 (cut off)');
  });

  it.each([0, 2])("end the run when a whole file is in question, with %i workers", async (workers) => {
    const failing = collect(makeLoader({ source: storedSource([255]), workers }), 0);
    await expect(failing).rejects.toMatchObject({
      name: "DataSourceError",
      message: "the file has changed",
      source: "shard-0",
    });
  });

  it.each([0, 1])("end the run when all are broken, with %i workers", async (workers) => {
    const source = storedSource(Array.from({ length: size }, (_, index) => index));
    await expect(collect(makeLoader({ source, workers }), 0)).rejects.toThrow(DataSourceError);
  });

  it("tell of a reader that threads cannot import", async () => {
    const source = storedSource([]);
    if (source.store.kind !== "stored") throw new Error("not stored");
    const readerRecipe = { ...source.store.readerRecipe, exportName: "nothing" };
    const lost = { ...source, store: { ...source.store, readerRecipe } };
    const failing = collect(makeLoader({ source: lost, workers: 1 }), 0);
    await expect(failing).rejects.toThrow(InvalidOptionError);
    await expect(failing).rejects.toMatchObject({ option: "source.store.readerRecipe" });
  });
});
