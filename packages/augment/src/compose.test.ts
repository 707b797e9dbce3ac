import { fold, generator, rootKey } from "@blockwise/random";
import { InvalidOptionError, type RawImage, ShapeMismatchError } from "@blockwise/spec";
import { describe, expect, test } from "vitest";
import { compose } from "./compose.js";
import type { ImageOperation } from "./operations/image-operation.js";

const normalization = { mean: [0.5], std: [0.25] };
const shape = { height: 2, width: 2, channels: 1 };
const image: RawImage = { ...shape, data: Uint8Array.of(0, 51, 102, 255) };

/** Notes what it draws and leaves the image alone. */
function listener(id: string, draws: number, heard: Map<string, number[]>): ImageOperation {
  return {
    id,
    options: {},
    apply: (input, random) => {
      const numbers = Array.from({ length: draws }, () => random.uniform());
      heard.set(id, [...(heard.get(id) ?? []), ...numbers]);
      return input;
    },
  };
}

function listen(operations: readonly [id: string, draws: number][], sample = 0): Map<string, number[]> {
  const heard = new Map<string, number[]>();
  const views = [operations.map(([id, draws]) => listener(id, draws, heard))];
  const augmentation = compose({ id: "test", options: {}, views, shape, normalization });
  const random = generator(fold(rootKey(1), sample));
  augmentation.doView({ image, view: 0, random, out: new Float32Array(4) });
  return heard;
}

describe("compose", () => {
  test("normalises the values of 0 to 1 after the last operation", () => {
    const out = new Float32Array(4);
    const augmentation = compose({ id: "test", options: {}, views: [[]], shape, normalization });
    augmentation.doView({ image, view: 0, random: generator(rootKey(1)), out });
    expect([...out]).toEqual([-2, Math.fround(-1.2), Math.fround(-0.4), 2]);
  });

  test("keeps an operation's draws when others come, go, draw more or change places", () => {
    const alone = listen([["a", 3]]).get("a");
    const crowded = [
      ["b", 5],
      ["c", 0],
      ["a", 3],
      ["d", 1],
    ] as [string, number][];
    expect(listen(crowded).get("a")).toEqual(alone);
    expect(listen(crowded.reverse()).get("a")).toEqual(alone);
  });

  test("gives operations, repetitions and samples numbers of their own", () => {
    const heard = listen([
      ["a", 1],
      ["a", 1],
      ["b", 1],
    ]);
    const other = listen([["a", 1]], 1);
    const numbers = [...(heard.get("a") ?? []), ...(heard.get("b") ?? []), ...(other.get("a") ?? [])];
    expect(new Set(numbers).size).toBe(4);
  });

  test("refuses images of other channels or without pixels, naming the augmentation", () => {
    const augmentation = compose({ id: "test", options: {}, views: [[]], shape, normalization });
    const random = generator(rootKey(1));
    const out = new Float32Array(4);
    const colour = { height: 2, width: 2, channels: 3, data: new Uint8Array(12) };
    const empty = { height: 0, width: 2, channels: 1, data: new Uint8Array(0) };
    const short = { ...image, data: new Uint8Array(3) };
    for (const bad of [colour, empty, short]) {
      const view = () => augmentation.doView({ image: bad, view: 0, random, out });
      expect(view).toThrow(ShapeMismatchError);
      expect(view).toThrow('Augmentation "test"');
    }
  });

  test("refuses results and places of another shape, and views that it does not have", () => {
    const augmentation = compose({ id: "test", options: {}, views: [[]], shape, normalization });
    const random = generator(rootKey(1));
    const tall = { height: 3, width: 2, channels: 1, data: new Uint8Array(6) };
    const out = new Float32Array(4);
    expect(() => augmentation.doView({ image: tall, view: 0, random, out })).toThrow(ShapeMismatchError);
    expect(() => augmentation.doView({ image, view: 0, random, out: new Float32Array(5) })).toThrow(
      ShapeMismatchError,
    );
    expect(() => augmentation.doView({ image, view: 1, random, out })).toThrow(InvalidOptionError);
    expect(() => compose({ id: "test", options: {}, views: [], shape, normalization })).toThrow(
      InvalidOptionError,
    );
  });

  test.each([
    { mean: [0.5, 0.5], std: [0.25] },
    { mean: [Number.NaN], std: [0.25] },
    { mean: [0.5], std: [0] },
  ])("refuses the normalisation %j", (bad) => {
    expect(() => compose({ id: "test", options: {}, views: [[]], shape, normalization: bad })).toThrow(
      InvalidOptionError,
    );
  });
});
