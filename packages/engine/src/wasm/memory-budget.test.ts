import { describe, expect, test } from "vitest";
import type { EmscriptenHeap } from "./emscripten-heap.js";
import { guardMemory } from "./memory-budget.js";

/** A heap of `capacity` bytes that, like Emscripten's, gives address 0 where there is no room. */
function smallHeap(capacity: number): EmscriptenHeap {
  const sizes = new Map<number, number>();
  let next = 1024;
  return {
    asm: { memory: new WebAssembly.Memory({ initial: 0 }) },
    _malloc(bytes) {
      const used = [...sizes.values()].reduce((sum, size) => sum + size, 0);
      if (used + bytes > capacity) return 0;
      sizes.set(next, bytes);
      next += bytes;
      return next - bytes;
    },
    _free(address) {
      sizes.delete(address);
    },
  };
}

describe("guardMemory", () => {
  test("counts what is taken and given back", () => {
    const heap = smallHeap(1000);
    const budget = guardMemory(heap, 500);
    const first = heap._malloc(200);
    heap._malloc(100);
    expect(budget.usedBytes()).toBe(300);
    heap._free(first);
    expect(budget.usedBytes()).toBe(100);
  });

  test("refuses beyond the budget before anything is allocated", () => {
    const heap = smallHeap(1000);
    const budget = guardMemory(heap, 500);
    heap._malloc(400);
    expect(() => heap._malloc(101)).toThrow(
      expect.objectContaining({ requestedBytes: 101, usedBytes: 400, budgetBytes: 500 }),
    );
    expect(budget.usedBytes()).toBe(400);
    expect(heap._malloc(100)).toBeGreaterThan(0);
  });

  test("refuses where the heap is at its end, however large the budget", () => {
    const heap = smallHeap(1000);
    guardMemory(heap, 5000);
    heap._malloc(900);
    expect(() => heap._malloc(200)).toThrow(/cannot grow further/);
  });
});
