import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DataSourceV1 } from "@blockwise/spec";
import { describeDataSource } from "@blockwise/testing";
import sharp from "sharp";
import { afterAll, beforeAll } from "vitest";
import { tarOf } from "./__fixtures__/archives.js";
import { openImageFolder } from "./images/image-folder.js";
import type { ImageOptions } from "./images/image-options.js";
import { openShards } from "./shards/open-shards.js";
import { subset } from "./source/subset.js";

let root: string;
let photos: string;
let shards: string;

/** Seven images of different sizes and colours, of two classes, as a folder and in two shards. */
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "blockwise-sources-"));
  [photos, shards] = [join(root, "photos"), join(root, "shards")];
  await mkdir(shards);
  const members: [string, Uint8Array | string][][] = [[], []];
  for (let number = 0; number < 7; number++) {
    const background = { r: 30 * number, g: 250 - 30 * number, b: 100 };
    const create = { width: 8 + number, height: 12 - number, channels: 3, background } as const;
    const png = await sharp({ create }).png().toBuffer();
    const place = join(photos, number % 2 === 0 ? "even" : "odd");
    await mkdir(place, { recursive: true });
    await writeFile(join(place, `${number}.png`), png);
    members[number % 2]?.push([`${number}.png`, png], [`${number}.cls`, String(number % 2)]);
  }
  for (const [shard, entries] of members.entries()) {
    await writeFile(join(shards, `shard-${shard}.tar`), await tarOf(entries));
  }
});

afterAll(() => rm(root, { recursive: true }));

const folder = async (options: ImageOptions = {}): Promise<DataSourceV1> =>
  (await openImageFolder(photos, options)).train;
const archives = async (): Promise<DataSourceV1> => (await openShards(shards)).train;

describeDataSource({ name: "a folder of decoded images", create: folder });
describeDataSource({
  name: "a folder of grey, equal images",
  create: () => folder({ channels: 1, decodeSize: 6, fit: "square" }),
});
describeDataSource({ name: "a folder without classes", create: () => folder({ labels: "none" }) });
describeDataSource({ name: "a folder of encoded images", create: () => folder({ storage: "stream" }) });
describeDataSource({ name: "shards", create: archives });
describeDataSource({
  name: "a part of a folder",
  create: async () => subset(await folder(), { count: 4, seed: 2 }),
});
describeDataSource({
  name: "a part of the shards",
  create: async () => subset(await archives(), { count: 4, seed: 2 }),
});
