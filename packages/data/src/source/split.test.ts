import { describe, expect, it } from "vitest";
import { packEqualImages, packedSource } from "./packed-source.js";
import { sharedBytes, sharedInt32 } from "./shared-arrays.js";
import { splitSource } from "./split.js";

function source(size: number) {
  const pixels = sharedBytes(size);
  pixels.set(Array.from({ length: size }, (_, place) => place % 256));
  return packedSource({
    id: "tiny",
    options: {},
    description: "tiny images",
    classNames: ["even", "odd"],
    labels: sharedInt32(Array.from({ length: size }, (_, place) => place % 2)),
    store: packEqualImages(pixels, { count: size, height: 1, width: 1, channels: 1 }),
  });
}

const pixelsOf = async (part: ReturnType<typeof source>): Promise<number[]> =>
  Promise.all(Array.from({ length: part.size }, async (_, place) => (await part.image(place)).data[0] ?? -1));

describe("splitSource", () => {
  it("puts every image in one part, with its label, about as many as asked for", async () => {
    const { train, test } = splitSource(source(200), { holdOut: 0.25 });
    if (test === null) throw new Error("nothing is held out");
    const [learnt, held] = [await pixelsOf(train), await pixelsOf(test)];
    expect([...learnt, ...held].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 200 }, (_, place) => place),
    );
    expect(test.size).toBeGreaterThan(30);
    expect(test.size).toBeLessThan(70);
    expect(Array.from(test.labels ?? [])).toEqual(held.map((pixel) => pixel % 2));
    expect(test.description).toMatch(/^\d+ of 200 images, held out, of: tiny images$/);
  });

  it("holds the same images out again, and where images are added at the end; others by another seed", async () => {
    const held = async (size: number, seed: number) => {
      const { test } = splitSource(source(size), { holdOut: 0.3, seed });
      return test === null ? [] : pixelsOf(test);
    };
    const first = await held(100, 1);
    expect(await held(100, 1)).toEqual(first);
    expect((await held(150, 1)).filter((pixel) => pixel < 100)).toEqual(first);
    expect(await held(100, 2)).not.toEqual(first);
  });

  it("holds nothing out where that is asked for, or falls on no image", () => {
    const all = source(3);
    expect(splitSource(all, { holdOut: 0 })).toEqual({ train: all, test: null });
  });

  it.each([-0.1, 1, Number.NaN])("refuses the part %s", (holdOut) => {
    expect(() => splitSource(source(3), { holdOut })).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option: "holdOut" }),
    );
  });

  it("refuses a part that leaves nothing to learn from", () => {
    expect(() => splitSource(source(1), { holdOut: 0.999999 })).toThrow(/some of 1 images/);
  });
});
