import { expect, test } from "vitest";
import { inParallel } from "./in-parallel.js";

test("works on so many items at a time, in order", async () => {
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  await inParallel(2, [0, 1, 2, 3, 4], async (item) => {
    begun.push(item);
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running -= 1;
  });
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  expect(most).toBe(2);
});

test.each([1, 2])("works on every item before the first failure is thrown, %i at a time", async (count) => {
  const done: number[] = [];
  const run = inParallel(count, [0, 1, 2, 3], async (item) => {
    if (item === 1 || item === 2) throw new Error(`item ${item}`);
    done.push(item);
  });
  await expect(run).rejects.toThrow("item 1");
  expect(done).toEqual([0, 3]);
});
