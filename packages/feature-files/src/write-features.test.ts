import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSafetensors } from "@blockwise/safetensors";
import { type DataSourceV1, InvalidOptionError } from "@blockwise/spec";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeNpy } from "./encode-npy.js";
import type { DepthFeatureTables } from "./feature-rows.js";
import { type FeatureFileOptions, writeFeatures } from "./write-features.js";

// The folder can be kept, for `__fixtures__/read_features.py`.
const kept = process.env.BLOCKWISE_FEATURES;
let folder: string;
beforeAll(async () => {
  if (kept !== undefined) await mkdir(kept, { recursive: true });
  folder = kept ?? (await mkdtemp(join(tmpdir(), "blockwise-features-")));
});
afterAll(async () => {
  if (kept === undefined) await rm(folder, { recursive: true, force: true });
});

const names = ["a/0.jpg", "a/1, one.jpg", 'b/"two".jpg', "b/3\nthree.jpg", "é/4 四.jpg"];
const labels = Int32Array.of(0, 0, 1, 1, 2);
const image = async (): Promise<never> => {
  throw new Error("Features are written without images.");
};
const source: DataSourceV1 = {
  specificationVersion: "v1",
  kind: "data-source",
  id: "five",
  options: {},
  description: "five images",
  size: 5,
  channels: 1,
  classNames: ["a", "b", "é"],
  labels,
  store: {
    kind: "packed",
    pixels: new Uint8Array(),
    offsets: new Float64Array(5),
    heights: new Uint32Array(5),
    widths: new Uint32Array(5),
    channels: 1,
  },
  image,
  imageName: (index) => names[index] ?? "",
};

/** Image 3 has no row. */
const indices = Uint32Array.of(0, 1, 2, 4);
const rowLabels = Int32Array.of(0, 0, 1, 2);
function table(dim: number, scale: number) {
  const features = Float32Array.from({ length: 4 * dim }, (_, at) => Math.fround(scale * (at + 0.1)));
  return { dim, features, labels: rowLabels };
}
const depths: readonly DepthFeatureTables[] = [
  { id: "layer1", indices, raw: table(2, 1), head: table(3, -1) },
  { id: "layer2", indices, raw: table(4, 10), head: table(3, 0.1) },
];
const metadata = { run: "runs/mine" };

const rowOf = ({ features, dim }: { readonly features: Float32Array; readonly dim: number }, row: number) =>
  Array.from(features.subarray(row * dim, (row + 1) * dim));

async function write(name: string, options: Partial<FeatureFileOptions> = {}) {
  const path = join(folder, name);
  return { path, ...(await writeFeatures(path, { depths, source, metadata, ...options })) };
}

describe("writeFeatures", () => {
  it("writes a Parquet file with a column for each table", async () => {
    const { path, files, tables, images } = await write("features.parquet");
    expect([files, images]).toEqual([[path], 4]);
    expect(tables).toEqual(["layer1.raw", "layer1.head", "layer2.raw", "layer2.head"]);
    const file = await asyncBufferFromFile(path);
    const rows = await parquetReadObjects({ file });
    expect(rows).toEqual(
      [0, 1, 2, 4].map((index, row) => ({
        name: names[index],
        label: labels[index],
        class: source.classNames?.[labels[index] ?? 0],
        ...Object.fromEntries(
          depths.flatMap(({ id, raw, head }) => [
            [`${id}.raw`, rowOf(raw, row)],
            [`${id}.head`, rowOf(head, row)],
          ]),
        ),
      })),
    );
    expect((await parquetMetadataAsync(file)).key_value_metadata).toEqual([
      { key: "run", value: "runs/mine" },
    ]);
  });

  it("writes Parquet in pieces where there is much, and nothing where there is nothing", async () => {
    const count = 3000;
    const many = Uint32Array.from({ length: count }, (_, index) => index);
    const features = Float32Array.from({ length: count * 700 }, (_, at) => at % 1000);
    const wide = { features, dim: 700, labels: new Int32Array(count) };
    const unlabelled = { ...source, labels: null, classNames: null };
    const { path } = await write("many.parquet", {
      depths: [{ id: "all", indices: many, raw: wide, head: wide }],
      features: "raw",
      source: unlabelled,
    });
    const file = await asyncBufferFromFile(path);
    expect((await parquetMetadataAsync(file)).row_groups).toHaveLength(3);
    const [row] = await parquetReadObjects({ file, rowStart: 2999 });
    expect(Object.keys(row ?? {})).toEqual(["name", "all.raw"]);
    expect(row?.["all.raw"]).toEqual(rowOf(wide, 2999));

    const none = { features: new Float32Array(), dim: 0, labels: new Int32Array() };
    const nothing = { id: "none", indices: new Uint32Array(), raw: none, head: none };
    const empty = await write("none.parquet", { depths: [nothing] });
    expect(await parquetReadObjects({ file: await asyncBufferFromFile(empty.path) })).toEqual([]);
  });

  it("writes safetensors with names between zero bytes", async () => {
    const { path } = await write("features.safetensors", { block: "layer1" });
    const one = await readSafetensors(path);
    expect([...one.tensors.keys()].sort()).toEqual(["labels", "layer1.head", "layer1.raw", "names"]);
    await write("features.safetensors");
    const { tensors, metadata: kept } = await readSafetensors(path);
    expect(tensors.get("layer2.raw")).toMatchObject({ shape: [4, 4], data: depths[1]?.raw.features });
    expect(tensors.get("labels")?.data).toEqual(rowLabels);
    const text = new TextDecoder().decode(tensors.get("names")?.data as Uint8Array);
    expect(text.split("\0")).toEqual([0, 1, 2, 4].map((index) => names[index]));
    expect(kept).toEqual({ run: "runs/mine", classNames: '["a","b","é"]' });
  });

  it("writes one table as .npy, what rows are of beside it", async () => {
    const { path, files, tables } = await write("features.npy");
    expect(tables).toEqual(["layer2.raw"]);
    expect(files).toEqual([path, join(folder, "features.rows.csv")]);
    const bytes = await readFile(path);
    expect(bytes.length).toBe(128 + 4 * 4 * 4);
    expect(await readFile(files[1] ?? "", "utf8")).toBe(
      'name,label,class\r\na/0.jpg,0,a\r\n"a/1, one.jpg",0,a\r\n"b/""two"".jpg",1,b\r\né/4 四.jpg,2,é\r\n',
    );
    const { imageName: _, ...nameless } = source;
    await write("plain.npy", { source: { ...nameless, labels: null }, features: "head", block: "layer1" });
    expect(await readFile(join(folder, "plain.rows.csv"), "utf8")).toBe("row\r\n0\r\n1\r\n2\r\n3\r\n");
  });

  it("refuses other endings, blocks that are not there, and two tables for one", async () => {
    await expect(write("features.json")).rejects.toThrow(".parquet or .npy");
    await expect(write("features.npy", { block: "layer9" })).rejects.toThrow("one of layer1, layer2");
    await expect(write("features.npy", { features: "both" })).rejects.toThrow(InvalidOptionError);
    await expect(write("features.parquet", { depths: [] })).rejects.toThrow(InvalidOptionError);
  });
});

describe("encodeNpy", () => {
  it("writes the bytes that numpy writes", async () => {
    const golden = await readFile(new URL("./__fixtures__/golden.npy", import.meta.url));
    const data = Float32Array.from({ length: 6 }, (_, index) => index / 4 - 1);
    expect(Buffer.from(encodeNpy([3, 2], data))).toEqual(golden);
  });
});
