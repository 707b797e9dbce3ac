import { describe, expect, it } from "vitest";
import { decodeFrozenStep, encodeFrozenStep } from "./frozen-file.js";

const place = { key: "abc", block: 1, step: 7 };
const shape = [2, 1, 1, 3];
const step = {
  outputs: [
    Float32Array.of(1, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e-42, 6),
    new Float32Array(6).fill(2),
  ],
  shape,
  labels: Int32Array.of(4, 5),
};
const wanted = { views: 2, shape, labels: true };
const bytes = encodeFrozenStep(place, step);

function bitsOf(outputs: readonly Float32Array[]) {
  return outputs.map(({ buffer, byteOffset, length }) => [...new Uint32Array(buffer, byteOffset, length)]);
}

describe("a file of frozen outputs", () => {
  it("gives back every bit, with and without labels", () => {
    const read = decodeFrozenStep(bytes, place, wanted);
    expect(bitsOf(read?.outputs ?? [])).toEqual(bitsOf(step.outputs));
    expect(read?.labels).toEqual(step.labels);
    const plain = encodeFrozenStep(place, { ...step, labels: null });
    expect(decodeFrozenStep(plain, place, { ...wanted, labels: false })).toMatchObject({
      labels: null,
      shape,
    });
  });

  it.each<[string, Partial<typeof place>, Partial<typeof wanted>]>([
    ["another run", { key: "abd" }, {}],
    ["another block", { block: 2 }, {}],
    ["another step", { step: 8 }, {}],
    ["another number of views", {}, { views: 1 }],
    ["another shape", {}, { shape: [2, 1, 3, 1] }],
    ["a run without labels", {}, { labels: false }],
  ])("is not taken for that of %s", (_, otherPlace, otherWanted) => {
    expect(decodeFrozenStep(bytes, { ...place, ...otherPlace }, { ...wanted, ...otherWanted })).toBeNull();
  });

  it("is not trusted with any byte changed, or cut off anywhere", () => {
    for (let index = 0; index < bytes.length; index++) {
      const hurt = bytes.slice();
      hurt[index] = (hurt[index] ?? 0) ^ 1;
      const read = decodeFrozenStep(hurt, place, wanted);
      // Padding of the header may differ: what is then read is still every bit of what was written.
      if (read !== null) expect(bitsOf(read.outputs)).toEqual(bitsOf(step.outputs));
      expect(decodeFrozenStep(bytes.slice(0, index), place, wanted), `cut at ${index}`).toBeNull();
    }
  });
});
