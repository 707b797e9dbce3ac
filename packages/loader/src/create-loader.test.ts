import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { fold, rootKey } from "@blockwise/random";
import {
  type AugmentationV1,
  DataSourceError,
  type DataSourceV1,
  InvalidOptionError,
  type JsonObject,
} from "@blockwise/spec";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Batch, createLoader, type Loader } from "./create-loader.js";
import type { LoaderOptions } from "./loader-options.js";

const size = 23;
const key = fold(rootKey(5), "loader");
const fixtures = new URL("./__fixtures__/", import.meta.url);
let probe: (options: JsonObject) => AugmentationV1;

beforeAll(async () => {
  // Threads run the built worker, so these tests need a build; `npm test` makes one.
  expect(existsSync(new URL("../dist/worker.js", import.meta.url)), "dist/worker.js: build first").toBe(true);
  probe = (await import(new URL("probe-augmentation.mjs", fixtures).href)).probe;
});

const open: Loader[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((loader) => loader.close()));
});

function makeLoader(options: Partial<LoaderOptions> = {}): Loader {
  const loader = createLoader({
    source: makeSource(),
    augmentation: probe({}),
    batchSize: 4,
    key,
    ...options,
  });
  open.push(loader);
  return loader;
}

/** Images of different sizes, each filled with its own index; labels are ten times the index. */
function makeSource(): DataSourceV1 {
  const heights = Uint32Array.from({ length: size }, (_, index) => 1 + (index % 3));
  const widths = Uint32Array.from({ length: size }, (_, index) => 1 + (index % 2));
  const offsets = new Float64Array(size);
  for (let index = 1; index < size; index++) {
    offsets[index] = (offsets[index - 1] ?? 0) + (heights[index - 1] ?? 0) * (widths[index - 1] ?? 0);
  }
  const pixels = new Uint8Array(new SharedArrayBuffer(size * 6));
  for (let index = 0; index < size; index++)
    pixels.fill(index, offsets[index], offsets[index + 1] ?? size * 6);
  return {
    specificationVersion: "v1",
    kind: "data-source",
    id: "indices",
    options: {},
    description: "images filled with their index",
    size,
    channels: 1,
    classNames: null,
    labels: Int32Array.from({ length: size }, (_, index) => 10 * index),
    store: { kind: "packed", pixels, offsets, heights, widths, channels: 1 },
    image: async () => {
      throw new Error("loaders read the packed images");
    },
  };
}

interface Seen {
  readonly epoch: number;
  readonly step: number;
  readonly indices: number[];
  readonly views: number[][];
  readonly labels: number[];
}

function see({ epoch, step, indices, views, labels }: Batch): Seen {
  const numbers = views.map((view) => [...view]);
  return { epoch, step, indices: [...indices], views: numbers, labels: [...(labels ?? [])] };
}

async function collect(loader: Loader, epoch: number, startBatch?: number): Promise<Seen[]> {
  const seen: Seen[] = [];
  for await (const batch of loader.epoch(epoch, startBatch)) {
    seen.push(see(batch));
    batch.release();
  }
  return seen;
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => expect.unreachable("should have failed"),
    (error: unknown) => error,
  );
}

describe("batches", () => {
  test("are the same bytes with 0, 1, 2 and 3 workers, epoch after epoch", async () => {
    const plain = makeLoader({ workers: 0 });
    const expected = [await collect(plain, 0), await collect(plain, 1)];
    expect(expected[0]).toHaveLength(5);
    for (const workers of [1, 2, 3]) {
      const loader = makeLoader({ workers });
      expect([await collect(loader, 0), await collect(loader, 1)]).toEqual(expected);
    }
  });

  test("hold each sample's own image, labels and random numbers", async () => {
    const batches = await collect(makeLoader({ workers: 0, dropLast: false }), 0);
    const numbers = new Set<number>();
    for (const { indices, views, labels } of batches) {
      expect(labels).toEqual(indices.map((index) => 10 * index));
      for (const view of views) {
        expect(view.filter((_, place) => place % 5 === 0)).toEqual(indices);
        for (const [place, value] of view.entries()) if (place % 5 !== 0) numbers.add(value);
      }
    }
    expect(numbers.size).toBe(size * 2 * 4);
  });

  test("take each sample once, in an order of their own each epoch", async () => {
    const loader = makeLoader({ workers: 0, dropLast: false });
    const orders = [await collect(loader, 0), await collect(loader, 1)].map((batches) =>
      batches.flatMap(({ indices }) => indices),
    );
    const all = Array.from({ length: size }, (_, index) => index);
    for (const order of orders) expect([...order].sort((a, b) => a - b)).toEqual(all);
    expect(orders[0]).not.toEqual(orders[1]);
    expect(orders[0]).not.toEqual(all);
  });

  test("come in the source's order, the last one short, for evaluation", async () => {
    const loader = makeLoader({ workers: 2, shuffle: false, dropLast: false, batchSize: 10 });
    expect(loader.batchesPerEpoch).toBe(3);
    const batches = await collect(loader, 0);
    expect(batches.flatMap(({ indices }) => indices)).toEqual(
      Array.from({ length: size }, (_, index) => index),
    );
    expect(batches.map(({ views }) => views[1]?.length)).toEqual([50, 50, 15]);
  });

  test.each([0, 2])("go on in mid-epoch with %i workers", async (workers) => {
    const whole = await collect(makeLoader({ workers: 0 }), 3);
    const loader = makeLoader({ workers });
    expect(await collect(loader, 3, 2)).toEqual(whole.slice(2));
    expect(await collect(loader, 3, 5)).toEqual([]);
  });

  test("may be larger than the source without dropLast", async () => {
    const loader = makeLoader({ workers: 1, batchSize: 100, dropLast: false });
    const [only] = await collect(loader, 0);
    expect(only?.indices).toHaveLength(size);
  });
});

describe("iteration", () => {
  test("leaves the workers running ahead while the main thread is busy, as far as prefetch", async () => {
    const folder = mkdtempSync(join(tmpdir(), "blockwise-loader-"));
    const log = join(folder, "log");
    const loader = makeLoader({ workers: 2, augmentation: probe({ log }), prefetch: 2 });
    for await (const batch of loader.epoch(0)) {
      // Three batches of four samples and two views; sleeping here keeps the event loop from turning.
      const ahead = 3 * 4 * 2;
      for (let turn = 0; turn < 1000 && statSync(log).size < ahead; turn++) sleep(10);
      sleep(50);
      expect(statSync(log).size).toBe(ahead);
      batch.release();
      break;
    }
    rmSync(folder, { recursive: true });
  });

  test("counts the time it waited", async () => {
    const loader = makeLoader({ workers: 1 });
    expect(loader.waitMs).toBe(0);
    await collect(loader, 0);
    expect(loader.waitMs).toBeGreaterThan(0);
  });

  test("may be left and begun again", async () => {
    const expected = await collect(makeLoader({ workers: 0 }), 1);
    const loader = makeLoader({ workers: 2 });
    for await (const _ of loader.epoch(0)) break;
    expect(await collect(loader, 1)).toEqual(expected);
  });

  test.each([0, 1])("lets as many batches be held as were prefetched, with %i workers", async (workers) => {
    const loader = makeLoader({ workers, prefetch: 2 });
    const held: Batch[] = [];
    const holdAll = async (): Promise<void> => {
      for await (const batch of loader.epoch(0)) held.push(batch);
    };
    const error = await failure(holdAll());
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(String(error)).toContain("Batch 0 has not been released");
    expect(held.map(({ step }) => step)).toEqual([0, 1, 2]);
  });

  test("waits, when it is left, until no worker writes any more", async () => {
    const folder = mkdtempSync(join(tmpdir(), "blockwise-loader-"));
    const gate = join(folder, "gate");
    const log = join(folder, "log");
    const augmentation = probe({ gate, gateAt: 5, log });
    const loader = makeLoader({ workers: 1, augmentation, shuffle: false });
    for await (const batch of loader.epoch(0)) {
      expect(batch.step).toBe(0);
      // Image 4 opens the next batch: once it is made, the worker has begun that batch and will wait at image 5.
      await expect.poll(() => statSync(log).size, { timeout: 30_000 }).toBeGreaterThanOrEqual(10);
      setTimeout(() => writeFileSync(gate, ""), 50);
      break;
    }
    expect(existsSync(gate)).toBe(true);
    rmSync(folder, { recursive: true });
  });

  test("does not let a batch of an epoch that was left free the memory of a later one", async () => {
    const loader = makeLoader({ workers: 1, prefetch: 2 });
    let left: Batch | undefined;
    for await (const batch of loader.epoch(0)) {
      left = batch;
      break;
    }
    const steps: number[] = [];
    const holdAll = async (): Promise<void> => {
      for await (const { step } of loader.epoch(1)) {
        left?.release();
        steps.push(step);
      }
    };
    expect(String(await failure(holdAll()))).toContain("Batch 0 has not been released");
    expect(steps).toEqual([0, 1, 2]);
  });

  test("refuses a second epoch at once, and any after close", async () => {
    const loader = makeLoader({ workers: 1 });
    for await (const batch of loader.epoch(0)) {
      expect(await failure(collect(loader, 1))).toBeInstanceOf(InvalidOptionError);
      batch.release();
    }
    await loader.close();
    await loader.close();
    expect(await failure(collect(loader, 1))).toBeInstanceOf(InvalidOptionError);
  });

  test("ends with an error when the loader is closed in the middle", async () => {
    const loader = makeLoader({ workers: 2 });
    const iterator = loader.epoch(0)[Symbol.asyncIterator]();
    await iterator.next();
    await loader.close();
    expect(await failure(iterator.next())).toBeInstanceOf(InvalidOptionError);
  });
});

describe("failure", () => {
  test.each([0, 1, 2])(
    "names the sample and view that an augmentation threw at, with %i workers",
    async (workers) => {
      const loader = makeLoader({ workers, augmentation: probe({ throwAt: 7 }), dropLast: false });
      const error = await failure(collect(loader, 0));
      expect(error).toBeInstanceOf(DataSourceError);
      expect(error).toMatchObject({
        message: 'Sample 7 of "indices" could not be made into view 1: broken on purpose',
        source: "indices",
        cause: { message: "broken on purpose" },
      });
    },
  );

  test("names the sample at which a worker died, and stays failed", async () => {
    const loader = makeLoader({ workers: 2, augmentation: probe({ exitAt: 7 }), dropLast: false });
    const error = await failure(collect(loader, 0));
    expect(error).toBeInstanceOf(DataSourceError);
    expect(String(error)).toMatch(/Loader worker [01] ended at sample 7 of "indices"/);
    expect(await failure(collect(loader, 1))).toBe(error);
  });

  test.each([
    { module: "no-such-module", exportName: "probe" },
    { module: new URL("probe-augmentation.mjs", fixtures).href, exportName: "nothing" },
  ])("tells of a recipe that leads nowhere: $module $exportName", async (workerRecipe) => {
    const loader = makeLoader({ workers: 1, augmentation: { ...probe({}), workerRecipe } });
    const error = await failure(collect(loader, 0));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option: "augmentation.workerRecipe" });
  });

  test("waits for a recipe that makes the augmentation later", async () => {
    const expected = await collect(makeLoader({ workers: 0 }), 0);
    const { href: module } = new URL("probe-augmentation.mjs", fixtures);
    const augmentation = { ...probe({}), workerRecipe: { module, exportName: "probeLater" } };
    expect(await collect(makeLoader({ workers: 1, augmentation }), 0)).toEqual(expected);
  });

  test("holds no process back that forgets to close", async () => {
    const script = fileURLToPath(new URL("leave-open.mjs", fixtures));
    const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 30_000 });
    expect(stdout).toBe("took batch 0\n");
  });
});

describe("options", () => {
  test.each<[string, Partial<LoaderOptions>]>([
    ["batchSize", { batchSize: 0 }],
    ["batchSize", { batchSize: 24 }],
    ["workers", { workers: -1 }],
    ["workers", { workers: 0.5 }],
    ["prefetch", { prefetch: 0 }],
  ])("refuse a wrong %s: %j", (option, options) => {
    expect(() => makeLoader(options)).toThrow(
      expect.objectContaining({ name: "InvalidOptionError", option }),
    );
  });

  test("refuse workers without a recipe, and use none by default", async () => {
    const { workerRecipe: _, ...augmentation } = probe({});
    expect(() => makeLoader({ augmentation, workers: 1 })).toThrow(InvalidOptionError);
    expect(await collect(makeLoader({ augmentation }), 0)).toHaveLength(5);
  });

  test("refuse a source without images", () => {
    expect(() => makeLoader({ source: { ...makeSource(), size: 0 }, dropLast: false })).toThrow(
      InvalidOptionError,
    );
  });

  test.each([
    [-1, 0],
    [0.5, 0],
    [0, -1],
    [0, 6],
  ])("refuse epoch %d from batch %d", (epoch, start) => {
    expect(() => makeLoader({ workers: 0 }).epoch(epoch, start)).toThrow(InvalidOptionError);
  });
});

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
