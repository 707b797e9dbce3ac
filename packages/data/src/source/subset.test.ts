import { InvalidOptionError } from "@blockwise/spec";
import { describe, expect, it } from "vitest";
import { packedOf } from "../__fixtures__/packed-of.js";
import { packEqualImages, packedSource } from "./packed-source.js";
import { sharedBytes, sharedInt32 } from "./shared-arrays.js";
import { subset } from "./subset.js";

function source(labels: readonly number[] | null, size = labels?.length ?? 10) {
  const pixels = sharedBytes(size * 4).map((_, place) => place % 251);
  const shared = sharedBytes(size * 4);
  shared.set(pixels);
  return packedSource({
    id: "tiny",
    options: { origin: "test" },
    description: "tiny images",
    classNames: labels === null ? null : ["a", "b", "c"],
    labels: labels === null ? null : sharedInt32(labels),
    store: packEqualImages(shared, { count: size, height: 2, width: 2, channels: 1 }),
  });
}

describe("packedSource", () => {
  it("gives each image as a view on the shared pixels", async () => {
    const images = source([0, 1, 2]);
    const image = await images.image(1);
    expect(image).toEqual({ width: 2, height: 2, channels: 1, data: Uint8Array.of(4, 5, 6, 7) });
    expect(image.data.buffer).toBe(packedOf(images).pixels.buffer);
    for (const array of [
      packedOf(images).pixels,
      packedOf(images).offsets,
      packedOf(images).heights,
      packedOf(images).widths,
      images.labels,
    ]) {
      expect(array?.buffer).toBeInstanceOf(SharedArrayBuffer);
    }
  });

  it.each([-1, 3, 0.5, Number.NaN])("refuses the index %s", async (index) => {
    await expect(source([0, 1, 2]).image(index)).rejects.toThrow(InvalidOptionError);
  });
});

describe("subset", () => {
  const labels = Array.from({ length: 300 }, (_, place) => (place < 240 ? 0 : place < 290 ? 1 : 2));

  it("shares the pixels and keeps images, labels and order together", () => {
    const all = source(labels);
    const part = subset(all, { count: 60, seed: 3 });
    expect(part.size).toBe(60);
    expect(packedOf(part).pixels).toBe(packedOf(all).pixels);
    const offsets = [...packedOf(part).offsets];
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    expect(new Set(offsets).size).toBe(60);
    for (let place = 0; place < part.size; place++) {
      expect(part.labels?.[place]).toBe(labels[(offsets[place] as number) / 4]);
    }
    expect(part.options).toEqual({ origin: "test", subset: { count: 60, seed: 3, balanced: true } });
  });

  it("gives classes equal shares, and what small ones lack to the others", () => {
    const counts = (count: number) => {
      const found = [0, 0, 0];
      for (const label of subset(source(labels), { count }).labels ?? [])
        found[label] = (found[label] ?? 0) + 1;
      return found;
    };
    expect(counts(30)).toEqual([10, 10, 10]);
    expect(counts(100)).toEqual([45, 45, 10]);
    expect(counts(300)).toEqual([240, 50, 10]);
    expect(counts(31).sort()).toEqual([10, 10, 11]);
  });

  it("depends on the seed only, and a larger subset contains the smaller one", () => {
    const offsets = (count: number, seed: number, balanced: boolean) => [
      ...packedOf(subset(source(labels), { count, seed, balanced })).offsets,
    ];
    for (const balanced of [true, false]) {
      expect(offsets(50, 1, balanced)).toEqual(offsets(50, 1, balanced));
      expect(offsets(50, 1, balanced)).not.toEqual(offsets(50, 2, balanced));
      expect(offsets(90, 1, balanced)).toEqual(expect.arrayContaining(offsets(50, 1, balanced)));
    }
  });

  it("takes unlabelled images too", () => {
    const part = subset(source(null, 20), { count: 5 });
    expect(part.labels).toBeNull();
    expect(part.description).toContain("5 of 20 images");
  });

  it.each([{ count: 0 }, { count: 301 }, { count: 1.5 }, { count: 1, seed: -1 }])("refuses %o", (options) => {
    expect(() => subset(source(labels), options)).toThrow(InvalidOptionError);
  });

  it("refuses balance without labels", () => {
    expect(() => subset(source(null), { count: 1, balanced: true })).toThrow(/"balanced"/);
  });
});
