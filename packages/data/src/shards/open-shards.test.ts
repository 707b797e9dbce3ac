import { mkdir, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DataSourceError, InvalidOptionError, MalformedFileError } from "@blockwise/spec";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { tarOf } from "../__fixtures__/archives.js";
import { temporaryFolder } from "../__fixtures__/temporary-folder.js";
import { openDataset } from "../open-dataset.js";
import { subset } from "../source/subset.js";
import { openShards, type ShardOptions } from "./open-shards.js";

const pixel = (grey: number): Promise<Buffer> =>
  sharp(Buffer.of(grey, grey, grey), { raw: { width: 1, height: 1, channels: 3 } })
    .png()
    .toBuffer();

type Members = readonly (readonly [string, Uint8Array | string])[];

async function shardsOf(shards: Readonly<Record<string, Members>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, members] of Object.entries(shards)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), await tarOf(members));
  }
  return folder;
}

const open = (shards: string | readonly string[], options: ShardOptions = {}) =>
  openShards(shards, { indexFolder: null, ...options });

async function greys(source: { readonly size: number; image(index: number): Promise<{ data: Uint8Array }> }) {
  return Promise.all(Array.from({ length: source.size }, async (_, at) => (await source.image(at)).data[0]));
}

describe("openShards", () => {
  it("lists images shard by shard and reads each from its place, with .cls labels", async () => {
    const folder = await shardsOf({
      "a-001.tar": [
        ["2.png", await pixel(12)],
        ["2.cls", "0\n"],
      ],
      "a-000.tar": [
        ["0.cls", "2"],
        ["0.png", await pixel(10)],
        ["0.json", '{"label": 9}'],
        ["x/1.seg.PNG", await pixel(11)],
        ["x/1.cls", "2"],
        [".hidden.png", "none"],
        ["readme.txt", "none"],
      ],
    });
    const { train, test } = await open(folder);
    expect(test).toBeNull();
    expect(await greys(train)).toEqual([10, 11, 12]);
    expect([...(train.labels ?? [])]).toEqual([2, 2, 0]);
    expect(train.classNames).toEqual(["0", "1", "2"]);
    expect(train.channels).toBe(3);
    expect(train.description).toContain("3 in 3 classes; 2 shards");
    expect(JSON.parse(JSON.stringify(train.options))).toEqual(train.options);
    const { store } = train;
    if (store.kind !== "stored" || store.spans === null) throw new Error("not stored");
    for (const { buffer } of [store.files, store.spans.offsets, store.spans.lengths, store.paths.bytes]) {
      expect(buffer).toBeInstanceOf(SharedArrayBuffer);
    }
    expect(store.spans.shuffleBuffer).toBe(10_000);
    const part = subset(train, { count: 2, seed: 1 });
    expect(part.size).toBe(2);
    expect([10, 11, 12]).toEqual(expect.arrayContaining(await greys(part)));
  });

  it("takes words of .json members and class folders for classes, or nothing", async () => {
    const words = await shardsOf({
      "w.tar": [
        ["1.png", await pixel(1)],
        ["1.json", '{"class": "dog", "width": 3}'],
        ["2.png", await pixel(2)],
        ["2.json", '{"cls": "cat"}'],
      ],
    });
    const labelled = (await open(words)).train;
    expect(labelled.classNames).toEqual(["cat", "dog"]);
    expect([...(labelled.labels ?? [])]).toEqual([1, 0]);
    expect((await open(words, { labels: "none" })).train.labels).toBeNull();

    const folders = await shardsOf({
      "f-0.tar": [["set/n02/1.png", await pixel(1)]],
      "f-1.tar": [["set/n01/2.png", await pixel(2)]],
    });
    const placed = (await open(folders)).train;
    expect(placed.classNames).toEqual(["n01", "n02"]);
    expect([...(placed.labels ?? [])]).toEqual([1, 0]);

    const bare = await shardsOf({
      "b.tar": [
        ["1.png", await pixel(1)],
        ["1.json", "no JSON"],
        ["2.png", await pixel(2)],
      ],
    });
    expect((await open(bare)).train).toMatchObject({ labels: null, classNames: null, size: 2 });

    const mixed = await shardsOf({
      "m.tar": [
        ["1.cls", "1"],
        ["1.png", await pixel(1)],
        ["2.png", "x"],
      ],
    });
    await expect(open(mixed)).rejects.toThrow(/but "2.png" has none/);
  });

  it("splits by the shards' names, with the same classes on both sides, or holds images out", async () => {
    const sample = async (name: string, label: string): Promise<Members> => [
      [`${name}.png`, await pixel(Number(name))],
      [`${name}.cls`, label],
    ];
    const shards = {
      "imagenet-train-000.tar": await sample("1", "4"),
      "imagenet-validation-000.tar": [...(await sample("2", "6")), ...(await sample("3", "0"))],
    };
    const folder = await shardsOf(shards);
    const { train, test } = await open(join(folder, "imagenet-{train-000,validation-000}.tar"));
    expect([train.size, test?.size]).toEqual([1, 2]);
    expect(train.classNames).toHaveLength(7);
    expect([...(test?.labels ?? [])]).toEqual([6, 0]);

    const nested = await shardsOf({
      "train/0.tar": shards["imagenet-train-000.tar"],
      "val/0.tar": shards["imagenet-validation-000.tar"],
    });
    const opened = await openDataset(nested, { cacheFolder: await temporaryFolder() });
    expect([opened.train.size, opened.test?.size]).toEqual([1, 2]);
    expect(opened.train.id).toBe("image-shards");

    const many = await shardsOf({
      "0.tar": (await Promise.all(Array.from({ length: 40 }, (_, at) => sample(`${at}`, "1")))).flat(),
    });
    const held = await open(many, { holdOut: 0.3 });
    expect(held.train.size + (held.test?.size ?? 0)).toBe(40);
    expect(held.test?.size).toBeGreaterThan(3);
  });

  it("expands patterns, and names what is missing", async () => {
    const one: Members = [["1.png", await pixel(1)]];
    const folder = await shardsOf({ "s-008.tar": one, "s-009.tar": one, "s-010.tar": one });
    expect((await open(join(folder, "s-{008..010}.tar"))).train.size).toBe(3);
    expect((await open([join(folder, "s-{008,010}.tar"), join(folder, "s-009.tar")])).train.size).toBe(3);
    await expect(open(join(folder, "s-{007..012}.tar"))).rejects.toThrow(
      /"[^"]*s-007.tar", "[^"]*s-011.tar", "[^"]*s-012.tar" are missing/,
    );
    await expect(open(await temporaryFolder())).rejects.toThrow(/has none/);
    await expect(open(join(folder, "{1..99999999}.tar"))).rejects.toThrow(DataSourceError);
    await expect(open(folder, { shuffleBuffer: 0 })).rejects.toThrow(InvalidOptionError);
    await expect(open(folder, { maxBrokenShare: 2 })).rejects.toThrow(InvalidOptionError);
    await expect(openDataset(folder, { images: { storage: "memory" } })).rejects.toThrow(InvalidOptionError);
    await writeFile(join(folder, "s-009.tar"), "cut off");
    await expect(open(folder)).rejects.toThrow(MalformedFileError);
    await expect(open(folder)).rejects.toThrow(/s-009.tar/);
  });

  it("keeps its lists, and makes that of a shard anew when it changes", async () => {
    const folder = await shardsOf({
      "0.tar": [["1.png", await pixel(1)]],
      "1.tar": [["2.png", await pixel(2)]],
    });
    const path = join(folder, "1.tar");
    const { size } = await stat(path);
    const time = new Date(2_000_000_000_000);
    await utimes(path, time, time);
    const indexFolder = await temporaryFolder();
    const told: number[][] = [];
    const onListed = (done: number, total: number) => told.push([done, total]);
    expect((await open(folder, { indexFolder, onListed })).train.size).toBe(2);
    expect(told).toEqual([
      [1, 2],
      [2, 2],
    ]);
    const records = await readdir(indexFolder);
    expect(records).toHaveLength(2);
    // The archive is not looked into again: its list is believed as long as size and time are the same.
    await writeFile(path, Buffer.alloc(size, "x"));
    await utimes(path, time, time);
    const again = await open(folder, { indexFolder });
    expect(again.train.size).toBe(2);
    await writeFile(
      path,
      await tarOf([
        ["3.png", await pixel(3)],
        ["4.png", await pixel(4)],
      ]),
    );
    expect(await greys((await open(folder, { indexFolder })).train)).toEqual([1, 3, 4]);
    // A damaged list is made anew.
    for (const record of records) await writeFile(join(indexFolder, record), '{"version":1,"names":["a"]');
    expect((await open(folder, { indexFolder })).train.size).toBe(3);
    expect(JSON.parse(await readFile(join(indexFolder, records[0] as string), "utf8")).version).toBe(1);
    // Where nothing can be kept, nothing is lost.
    const noFolder = join(folder, "0.tar", "lists");
    expect((await open(folder, { indexFolder: noFolder })).train.size).toBe(3);
  });

  it("notices shards that change or go while they are in use", async () => {
    const folder = await shardsOf({ "0.tar": [["1.png", await pixel(1)]] });
    const { train } = await open(folder);
    expect(await greys(train)).toEqual([1]);
    const path = join(folder, "0.tar");
    await writeFile(path, await tarOf([["1.png", await pixel(2)]]));
    await utimes(path, 1, 1);
    await expect(train.image(0)).rejects.toThrow(/"[^"]*0.tar" has changed since its images were listed/);
    await expect(train.image(1)).rejects.toThrow(InvalidOptionError);
  });

  it("streams a single archive, or decodes it into memory when it fits", async () => {
    const folder = await shardsOf({
      "0.tar": [
        ["a/1.png", await pixel(1)],
        ["b/2.png", await pixel(2)],
      ],
    });
    const path = join(folder, "0.tar");
    const cacheFolder = await temporaryFolder();
    const kindOf = async (images: object) =>
      (await openDataset(path, { images, cacheFolder })).train.store.kind;
    expect(await kindOf({})).toBe("packed");
    expect(await kindOf({ storage: "stream" })).toBe("stored");
    expect(await kindOf({ storage: "auto" })).toBe("packed");
    expect(await kindOf({ storage: "auto", memoryBudgetBytes: 5 })).toBe("stored");
  });
});
