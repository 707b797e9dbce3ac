import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { mapInOrder } from "./map-in-order.js";

describe("mapInOrder", () => {
  it("gives results in the order of the items, with at most `width` under way", async () => {
    let underWay = 0;
    let most = 0;
    const results: number[] = [];
    const map = async (item: number) => {
      most = Math.max(most, ++underWay);
      await sleep(item % 2 === 0 ? 4 : 0);
      underWay--;
      return item * 10;
    };
    for await (const result of mapInOrder([1, 2, 3, 4, 5, 6, 7], 3, map)) results.push(result);
    expect(results).toEqual([10, 20, 30, 40, 50, 60, 70]);
    expect(most).toBe(3);
  });

  it("waits for what is under way before it fails", async () => {
    const ended: number[] = [];
    const map = async (item: number) => {
      if (item === 1) throw new Error("broken");
      await sleep(20);
      ended.push(item);
    };
    const work = async () => {
      for await (const _ of mapInOrder([1, 2, 3, 4, 5], 3, map)) expect.fail();
    };
    await expect(work()).rejects.toThrow("broken");
    expect(ended).toEqual([2, 3]);
  });
});
