import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createLoader, type LoaderReport } from "@blockwise/loader";
import { fold, rootKey } from "@blockwise/random";
import type { AugmentationV1, DataSourceV1 } from "@blockwise/spec";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { tarOf } from "./__fixtures__/archives.js";
import { packedOf } from "./__fixtures__/packed-of.js";
import { temporaryFolder } from "./__fixtures__/temporary-folder.js";
import { openImageFolder } from "./images/image-folder.js";
import { openShards } from "./shards/open-shards.js";
import { subset } from "./source/subset.js";

let augmentation: AugmentationV1;

beforeAll(async () => {
  // Threads read images by the built package, so these tests need a build; `npm test` makes one.
  expect(existsSync(new URL("../dist/stored-image-reader.js", import.meta.url)), "build first").toBe(true);
  augmentation = (await import(new URL("./__fixtures__/mean-view.mjs", import.meta.url).href)).meanView({});
});

const jpeg = (grey: number): Promise<Buffer> =>
  sharp({ create: { width: 16, height: 12, channels: 3, background: { r: grey, g: grey, b: grey } } })
    .jpeg({ quality: 100 })
    .toBuffer();

/** Without the end of the pixels. */
const cutOff = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length - 12);

/** Images whose grey level says which they are: 4 shards of 10 images. */
async function shards(): Promise<string> {
  const folder = await temporaryFolder();
  for (let shard = 0; shard < 4; shard++) {
    const members: [string, Uint8Array | string][] = [];
    for (let image = 0; image < 10; image++) {
      const number = 10 * shard + image;
      members.push([`${number}.jpg`, await jpeg(5 * number)], [`${number}.cls`, String(number)]);
    }
    await writeFile(join(folder, `shard-${shard}.tar`), await tarOf(members));
  }
  return folder;
}

async function folderOf(count: number): Promise<string> {
  const folder = await temporaryFolder();
  for (let image = 0; image < count; image++) {
    const place = join(folder, image % 2 === 0 ? "even" : "odd");
    await mkdir(place, { recursive: true });
    await writeFile(join(place, `${String(image).padStart(3, "0")}.jpg`), await jpeg(5 * image));
  }
  return folder;
}

interface Seen {
  readonly step: number;
  readonly indices: readonly number[];
  readonly labels: readonly number[];
  readonly views: readonly (readonly number[])[];
}

async function collect(
  source: DataSourceV1,
  workers: number,
  { epoch = 0, start = 0, shuffle = true } = {},
): Promise<{ readonly batches: readonly Seen[]; readonly report: LoaderReport }> {
  const key = fold(rootKey(1), "data");
  const loader = createLoader({ source, augmentation, batchSize: 4, key, workers, shuffle });
  const batches: Seen[] = [];
  try {
    for await (const { step, indices, labels, views, release } of loader.epoch(epoch, start)) {
      const numbers = views.map((view) => [...view]);
      batches.push({ step, indices: [...indices], labels: [...(labels ?? [])], views: numbers });
      release();
    }
    return { batches, report: loader.report() };
  } finally {
    await loader.close();
  }
}

describe("streaming", () => {
  it("gives the same batches with any number of workers, and from the middle of an epoch of shards on", async () => {
    const { train } = await openShards(await shards(), { shuffleBuffer: 8, indexFolder: null });
    const { batches } = await collect(train, 0, { epoch: 1 });
    expect(batches).toHaveLength(10);
    for (const { labels, indices, views } of batches) {
      expect(labels).toEqual(indices);
      for (const view of views)
        expect(view.filter((_, at) => at % 2 === 0)).toEqual(indices.map((index) => 5 * index));
    }
    expect(batches.flatMap(({ indices }) => indices).sort((a, b) => a - b)).toEqual([...Array(40).keys()]);
    for (const workers of [0, 1, 2]) {
      const resumed = await collect(train, workers, { epoch: 1, start: 4 });
      expect(resumed.batches).toEqual(batches.slice(4));
      expect(resumed.report.broken).toEqual({ count: 0, names: [] });
    }
  });

  it("gives what the decoded folder gives, and parts of it", async () => {
    const folder = await folderOf(12);
    const packed = (await openImageFolder(folder, { decodeSize: 64 })).train;
    const stored = (await openImageFolder(folder, { storage: "stream" })).train;
    expect(stored.classNames).toEqual(["even", "odd"]);
    expect([...(stored.labels ?? [])]).toEqual([...(packed.labels ?? [])]);
    expect((await collect(stored, 1)).batches).toEqual((await collect(packed, 0)).batches);
    const options = { count: 8, seed: 2 };
    const part = subset(stored, options);
    expect((await collect(part, 0)).batches).toEqual((await collect(subset(packed, options), 0)).batches);
    const { width, height, data } = await stored.image(3);
    expect([width, height, data[0]]).toEqual([16, 12, 30]);
    expect(stored.imageName?.(3)).toBe("even/006.jpg");
    expect(packed.imageName?.(3)).toBe("even/006.jpg");
  });

  it("names broken files of every kind, puts others in their place, and is the same with any workers", async () => {
    const folder = await folderOf(40);
    const at = (name: string): string => join(folder, name);
    await writeFile(at("even/000.jpg"), cutOff(await jpeg(0)));
    await writeFile(at("odd/001.jpg"), "");
    await writeFile(at("odd/003.jpg"), "this is no image");
    await writeFile(at("even/004.jpg"), (await jpeg(20)).subarray(0, 100));
    const { train } = await openImageFolder(folder, { storage: "stream", maxBrokenShare: 0.2 });
    await rm(at("even/006.jpg"));
    const { batches, report } = await collect(train, 0);
    expect(report.broken.count).toBe(5);
    expect(report.broken.names).toEqual([
      expect.stringMatching(/even.000\.jpg \(.*premature end/),
      expect.stringMatching(/even.004\.jpg \(/),
      expect.stringMatching(/even.006\.jpg \(ENOENT\)$/),
      expect.stringMatching(/odd.001\.jpg \(.*not those of/),
      expect.stringMatching(/odd.003\.jpg \(.*not those of/),
    ]);
    for (const name of report.broken.names) expect(name).not.toContain("\n");
    const broken = [0, 2, 3, 20, 21];
    expect(batches.flatMap(({ indices }) => indices).filter((index) => broken.includes(index))).toEqual([]);
    for (const workers of [1, 2]) {
      const again = await collect(train, workers);
      expect(again.batches).toEqual(batches);
      expect(again.report.broken).toEqual(report.broken);
    }
    const scored = await collect(train, 1, { shuffle: false });
    const whole = [...Array(40).keys()].filter((index) => !broken.includes(index));
    expect(scored.batches.flatMap(({ indices }) => indices)).toEqual(whole);
    await expect(train.image(0)).rejects.toThrow(/000.jpg" cannot be decoded: .*premature end/);
  });

  it("ends when too many are broken, or any where none may be", async () => {
    const folder = await folderOf(12);
    for (const name of ["even/000", "odd/001", "odd/003"]) await writeFile(join(folder, `${name}.jpg`), "");
    const open = async (options: object) =>
      (await openImageFolder(folder, { storage: "stream", ...options })).train;
    await expect(collect(await open({}), 0)).rejects.toThrow(/At most 1 of the 12 images .* but 2 are/);
    await expect(collect(await open({ onCorrupt: "error" }), 1)).rejects.toThrow(/No image .* but 1 is/);
    expect((await collect(await open({ maxBrokenShare: 0.3 }), 0)).report.broken.count).toBe(3);
  });

  it.each([0, 1])("ends when a shard changes under its index, with %i workers", async (workers) => {
    const folder = await shards();
    const { train } = await openShards(folder, { indexFolder: null });
    await writeFile(join(folder, "shard-2.tar"), await tarOf([["other.jpg", await jpeg(1)]]));
    await expect(collect(train, workers)).rejects.toThrow(/shard-2.tar" has changed since/);
    await rm(join(folder, "shard-2.tar"));
    await expect(collect(train, workers)).rejects.toThrow(
      /shard-2.tar" cannot be opened any more \(ENOENT\)/,
    );
  });

  it("names broken members of shards", async () => {
    const folder = await temporaryFolder();
    const members: [string, Uint8Array][] = [
      ["a/0.jpg", await jpeg(1)],
      ["a/1.jpg", cutOff(await jpeg(2))],
      ["a/2.jpg", Buffer.alloc(0)],
      ["a/3.jpg", await jpeg(4)],
    ];
    await writeFile(join(folder, "s.tar"), await tarOf(members));
    const { train } = await openShards(folder, { indexFolder: null, maxBrokenShare: 1 });
    const { report } = await collect(train, 0);
    expect(report.broken.names).toEqual([
      expect.stringMatching(/s\.tar\/a\/1\.jpg \(.*premature end/),
      expect.stringMatching(/s\.tar\/a\/2\.jpg \(.*not those of/),
    ]);
  });

  it("streams by itself what would not fit into memory", async () => {
    const folder = await folderOf(4);
    const open = async (options: object) =>
      (await openImageFolder(folder, { storage: "auto", ...options })).train;
    expect((await open({})).store.kind).toBe("packed");
    expect((await open({ memoryBudgetBytes: 4 * 16 * 12 * 3 })).store.kind).toBe("packed");
    expect((await open({ memoryBudgetBytes: 4 * 16 * 12 * 3 - 1 })).store.kind).toBe("stored");
    expect(packedOf(await open({ decodeSize: 6, memoryBudgetBytes: 4 * 8 * 6 * 3 })).heights[0]).toBe(6);
  });
});
