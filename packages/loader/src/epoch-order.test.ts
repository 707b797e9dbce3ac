import { rootKey } from "@blockwise/random";
import type { DataSourceV1, StoredImages } from "@blockwise/spec";
import { describe, expect, it } from "vitest";
import { orderEpoch } from "./epoch-order.js";

const key = rootKey(4);

function shards(
  files: readonly number[],
  shuffleBuffer: number | null,
): Pick<DataSourceV1, "store" | "size"> {
  const store: StoredImages = {
    kind: "stored",
    channels: 3,
    paths: { root: "/", bytes: new Uint8Array(), ends: new Float64Array() },
    files: Uint32Array.from(files),
    spans: {
      offsets: new Float64Array(files.length),
      lengths: new Uint32Array(files.length),
      stamps: new Float64Array(),
      shuffleBuffer,
    },
    maxBrokenShare: 0,
    readerRecipe: { module: "none", exportName: "none" },
  };
  return { store, size: files.length };
}

const fiftyShards = Array.from({ length: 5000 }, (_, index) => Math.floor(index / 100));

describe("orderEpoch", () => {
  it.each([1, 7, 300, 5000, 10_000])("takes each image of shards once with a buffer of %i", (buffer) => {
    const order = orderEpoch(key, 3, shards(fiftyShards, buffer), true);
    expect(order.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect([...order].sort((a, b) => a - b)).toEqual(fiftyShards.map((_, index) => index));
    expect([...orderEpoch(key, 3, shards(fiftyShards, buffer), true)]).toEqual([...order]);
    expect([...orderEpoch(key, 4, shards(fiftyShards, buffer), true)]).not.toEqual([...order]);
  });

  it("takes the shards one after the other, in random order, without a buffer to speak of", () => {
    const order = orderEpoch(key, 0, shards(fiftyShards, 1), true);
    const files = [...order].map((index) => fiftyShards[index]);
    const turns = files.filter((file, place) => file !== files[place - 1]);
    expect(turns).toHaveLength(50);
    expect(turns).not.toEqual([...turns].sort((a = 0, b = 0) => a - b));
    expect([...order.subarray(0, 100)]).toEqual(Array.from({ length: 100 }, (_, at) => (order[0] ?? 0) + at));
  });

  it("draws from a bounded part of the shards' order", () => {
    const buffer = 400;
    const order = orderEpoch(key, 0, shards(fiftyShards, buffer), true);
    const sequence = orderEpoch(key, 0, shards(fiftyShards, 1), true);
    const placeInSequence = new Map([...sequence].map((index, place) => [index, place]));
    const leads = [...order].map((index, place) => (placeInSequence.get(index) as number) - place);
    expect(Math.max(...leads)).toBeLessThan(buffer);
    const waits = leads.slice(1000, 4000).map((lead) => buffer - lead);
    const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length;
    // Geometric: the mean wait in the buffer is its length; 3,000 draws give it to some 4 %.
    expect(mean / buffer).toBeGreaterThan(0.85);
    expect(mean / buffer).toBeLessThan(1.15);
  });

  it("is a uniform permutation when all images fit into the buffer", () => {
    const counts = new Map<string, number>();
    for (let epoch = 0; epoch < 3000; epoch++) {
      const order = [...orderEpoch(key, epoch, shards([0, 0, 1], 3), true)].join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // 500 of each are expected, with a standard deviation of 20.
    for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(100);
  });

  it("permutes all images of folders, and of shards on request", () => {
    const all = orderEpoch(key, 0, shards(fiftyShards, null), true);
    const { store, size } = shards(fiftyShards, 10);
    const folder = { size, store: { ...store, spans: null } as StoredImages };
    expect([...orderEpoch(key, 0, folder, true)]).toEqual([...all]);
    const spread = [...all.subarray(0, 100)].map((index) => fiftyShards[index]);
    expect(new Set(spread).size).toBeGreaterThan(30);
    expect([...orderEpoch(key, 0, shards(fiftyShards, 10), false)]).toEqual([...fiftyShards.keys()]);
  });

  it("takes files that are left out of a part of a source, and files out of order, as they come", () => {
    const order = orderEpoch(key, 0, shards([9, 2, 9, 2, 2], 1), true);
    expect([...order]).toSatisfy(
      (places: number[]) => `${places}` === "0,2,1,3,4" || `${places}` === "1,3,4,0,2",
    );
  });
});
