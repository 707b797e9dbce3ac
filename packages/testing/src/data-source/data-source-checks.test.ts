import { type DataSourceV1, InvalidOptionError, type PackedImages } from "@blockwise/spec";
import { describe, expect, it } from "vitest";
import { failedChecks } from "../__fixtures__/failed-checks.js";
import { dataSourceChecks } from "./data-source-checks.js";
import { checkOpenedAgain, describeDataSource } from "./describe-data-source.js";

const size = 5;
const imageBytes = 6;

function shared(): PackedImages {
  const pixels = new Uint8Array(new SharedArrayBuffer(size * imageBytes));
  pixels.set(pixels.map((_, place) => (place * 37) % 256));
  const offsets = new Float64Array(new SharedArrayBuffer(8 * size));
  offsets.set(offsets.map((_, place) => place * imageBytes));
  const [heights, widths] = [2, 3].map((length) =>
    new Uint32Array(new SharedArrayBuffer(4 * size)).fill(length),
  );
  return {
    kind: "packed",
    pixels,
    offsets,
    heights: heights ?? new Uint32Array(),
    widths: widths ?? new Uint32Array(),
    channels: 1,
  };
}

/** Five grey images of 2 by 3 pixels; `overrides` break it. */
function source(overrides: Partial<DataSourceV1> = {}): DataSourceV1 {
  const store = shared();
  return {
    specificationVersion: "v1",
    kind: "data-source",
    id: "five-images",
    options: { size },
    description: "five images",
    size,
    channels: 1,
    classNames: ["a", "b"],
    labels: Int32Array.from([0, 1, 0, 1, 0]),
    store,
    image: async (index) => {
      if (!(Number.isInteger(index) && index >= 0 && index < size)) {
        throw new InvalidOptionError({ option: "index", expected: "of an image", received: index });
      }
      const begin = index * imageBytes;
      return { height: 2, width: 3, channels: 1, data: store.pixels.subarray(begin, begin + imageBytes) };
    },
    ...overrides,
  };
}

describeDataSource({ name: "five images", create: () => source() });

describe("the checks of data sources", () => {
  const { image } = source();
  const changing = (change: (data: Uint8Array, index: number) => Uint8Array): Partial<DataSourceV1> => ({
    image: async (index) => {
      const read = await image(index);
      return { ...read, data: change(read.data, index) };
    },
  });
  let reads = 0;
  const store = "has a store that holds the same images, in memory that threads share";

  it.each<[string, Partial<DataSourceV1>, string[]]>([
    ["describes itself in lines", { description: "five\nimages" }, ["says what it is"]],
    ["has options that JSON loses", { options: { size: undefined as never } }, ["says what it is"]],
    [
      "has labels without names",
      { classNames: null },
      ["has one label an image and a name for each, or neither"],
    ],
    [
      "has too few labels",
      { labels: Int32Array.of(0) },
      ["has one label an image and a name for each, or neither"],
    ],
    [
      "has a label of no class",
      { labels: Int32Array.of(0, 1, 2, 1, 0) },
      ["has one label an image and a name for each, or neither"],
    ],
    [
      "gives part of an image",
      changing((data) => data.subarray(1)),
      ["gives images that are as large as they say, of its channels", store],
    ],
    [
      "gives other pixels every time",
      changing((data) => data.map((value) => value + reads++)),
      ["gives an image the same pixels in any order, and at once with others", store],
    ],
    [
      "counts from the end where the place is negative",
      { image: (index) => image(index < 0 ? size + index : index) },
      ["refuses places that it does not have"],
    ],
    ["has a store of other images", changing((data) => data.map((value) => 255 - value)), [store]],
    [
      "has a store that threads do not share",
      { store: { ...shared(), pixels: shared().pixels.slice() } },
      [store],
    ],
  ])("find one that %s", async (_, overrides, expected) => {
    expect(Object.keys(await failedChecks(dataSourceChecks, source(overrides)))).toEqual(expected);
  });

  it("find one that is another when it is opened again", async () => {
    const other = source({ ...changing((data) => data.map((value) => value + 1)) });
    await expect(checkOpenedAgain(source(), other)).rejects.toThrow(/image 0, opened again/);
    const relabelled = source({ labels: Int32Array.of(1, 1, 1, 1, 1) });
    await expect(checkOpenedAgain(source(), relabelled)).rejects.toThrow(/other options, labels/);
  });
});
