import { describe, expect, it } from "vitest";
import { StepTable } from "./step-table.js";

describe("StepTable", () => {
  it("keeps the values of a short run as they are, with gaps where there are none", () => {
    const table = new StepTable();
    table.add(0, [["a", 1]]);
    table.add(5, [
      ["a", null],
      ["b", 7],
    ]);
    table.add(6, [
      ["a", Number.NaN],
      ["b", "8"],
    ]);
    const { steps, values, stride } = table.curves();
    expect({ steps, stride }).toEqual({ steps: [0, 5, 6], stride: 1 });
    expect([...values]).toEqual([
      ["a", [1, null, null]],
      ["b", [null, 7, null]],
    ]);
    expect(table.last).toEqual({ step: 6, values: new Map() });
  });

  it("has the means of many steps in bounded memory, whatever the order of names", () => {
    const table = new StepTable();
    const count = 100_000;
    for (let step = 0; step < count; step++) {
      table.add(step, [
        ["constant", 3],
        ["step", step],
      ]);
    }
    const { steps, values, stride } = table.curves();
    expect(steps.length).toBeLessThanOrEqual(600);
    expect(steps.length).toBeGreaterThan(250);
    expect(stride).toBe(256);
    expect(new Set(values.get("constant"))).toEqual(new Set([3]));
    for (const [place, step] of steps.entries()) {
      expect(Math.abs((values.get("step")?.[place] ?? 0) - step)).toBeLessThanOrEqual(0.5);
    }
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
  });

  it("forgets what came after a step", () => {
    const table = new StepTable();
    for (const step of [1, 2, 3, 4]) table.add(step, [["a", step]]);
    table.dropAfter(2);
    expect(table.curves().steps).toEqual([1, 2]);
    expect(table.last).toBeNull();
  });

  it("takes no more names than can be looked at", () => {
    const table = new StepTable();
    for (let index = 0; index < 1000; index++) table.add(index, [[`name${index}`, index]]);
    expect(table.curves().values.size).toBe(256);
  });
});
