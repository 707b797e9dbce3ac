import { type DataSourceV1, InvalidOptionError, type RawImage, ShapeMismatchError } from "@blockwise/spec";
import { describe, expect, it } from "vitest";
import { pixelFeatures } from "./index.js";

const images: readonly RawImage[] = [
  { height: 1, width: 2, channels: 3, data: Uint8Array.of(0, 51, 102, 153, 204, 255) },
  { height: 1, width: 2, channels: 3, data: Uint8Array.of(255, 255, 255, 0, 0, 0) },
];

describe("pixelFeatures", () => {
  it("gives pixels from 0 to 1 and their labels", async () => {
    const { features, dim, labels } = await pixelFeatures(source(images, Int32Array.of(4, 7)));
    expect(dim).toBe(6);
    const expected = [0, 0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1, 0, 0, 0];
    expect([...features]).toEqual(expected.map(Math.fround));
    expect([...labels]).toEqual([4, 7]);
  });

  it("takes chosen images in the order given", async () => {
    const { features, labels } = await pixelFeatures(source(images, Int32Array.of(4, 7)), [1, 0, 1]);
    expect([...labels]).toEqual([7, 4, 7]);
    expect([features[0], features[6], features[12]]).toEqual([1, 0, 1]);
  });

  it("labels unlabelled images -1", async () => {
    expect([...(await pixelFeatures(source(images, null))).labels]).toEqual([-1, -1]);
  });

  it("refuses images of unequal size, even with as many pixels", async () => {
    const turned = { height: 2, width: 1, channels: 3, data: new Uint8Array(6) };
    const mixed = source([...images, turned], null);
    await expect(pixelFeatures(mixed)).rejects.toThrow(ShapeMismatchError);
    await expect(pixelFeatures(mixed)).rejects.toThrow(
      "Image 2 of folder must have shape [1, 2, 3] as image 0, but has [2, 1, 3]",
    );
  });

  it("refuses no images and images that are not there", async () => {
    await expect(pixelFeatures(source(images, null), [])).rejects.toThrow(ShapeMismatchError);
    await expect(pixelFeatures(source(images, null), [0, 2])).rejects.toThrow(InvalidOptionError);
    await expect(pixelFeatures(source(images, null), [0, 2])).rejects.toThrow('"indices[1]"');
  });
});

function source(content: readonly RawImage[], labels: Int32Array | null): DataSourceV1 {
  return {
    specificationVersion: "v1",
    kind: "data-source",
    id: "folder",
    options: {},
    description: "images of a test",
    size: content.length,
    channels: 3,
    classNames: null,
    labels,
    store: {
      kind: "packed",
      pixels: new Uint8Array(),
      offsets: new Float64Array(),
      heights: new Uint32Array(),
      widths: new Uint32Array(),
      channels: 3,
    },
    image: async (index) => {
      const image = content[index];
      if (image === undefined) throw new RangeError(`no image ${index}`);
      return image;
    },
  };
}
