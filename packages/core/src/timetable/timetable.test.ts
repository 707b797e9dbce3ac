import { describe, expect, it } from "vitest";
import { resolveTimetable, type Timetable } from "./timetable.js";
import { type BlockTurn, turnsAt } from "./turns-at.js";

const frozen: BlockTurn = { mode: "frozen" };
const idle: BlockTurn = { mode: "idle" };
const learning = (step: number, stepCount: number): BlockTurn => ({ mode: "learning", step, stepCount });

function plansOf(timetable: Timetable, blockCount: number, stepsPerPhase: number) {
  const resolved = resolveTimetable(timetable, { blockCount, stepsPerPhase });
  return Array.from({ length: resolved.stepCount }, (_, step) => turnsAt(resolved, step));
}

describe("a timetable", () => {
  it("of all blocks at once gives each the run's own steps", () => {
    expect(plansOf("simultaneous", 2, 3)).toEqual(
      [0, 1, 2].map((step) => ({ dataStep: step, phase: 0, turns: [learning(step, 3), learning(step, 3)] })),
    );
  });

  it("of one block after the other begins the data and the steps anew for each", () => {
    expect(plansOf("sequential", 3, 2)).toEqual([
      { dataStep: 0, phase: 0, turns: [learning(0, 2), idle, idle] },
      { dataStep: 1, phase: 0, turns: [learning(1, 2), idle, idle] },
      { dataStep: 0, phase: 1, turns: [frozen, learning(0, 2), idle] },
      { dataStep: 1, phase: 1, turns: [frozen, learning(1, 2), idle] },
      { dataStep: 0, phase: 2, turns: [frozen, frozen, learning(0, 2)] },
      { dataStep: 1, phase: 2, turns: [frozen, frozen, learning(1, 2)] },
    ]);
  });

  it("of one block is the same in all its forms", () => {
    const simultaneous = plansOf("simultaneous", 1, 4);
    expect(plansOf("sequential", 1, 4)).toEqual(simultaneous);
    expect(plansOf({ starts: [0], stops: [1] }, 1, 4)).toEqual(simultaneous);
  });

  it("of fractions counts each block's steps in its own window, and lets blocks before it pass on frozen", () => {
    const plans = plansOf({ starts: [0.5, 0, 0], stops: [1, 0.75, 0.25] }, 3, 4);
    expect(plans.map(({ dataStep }) => dataStep)).toEqual([0, 1, 2, 3]);
    expect(plans.map(({ phase }) => phase)).toEqual([0, 0, 0, 0]);
    expect(plans.map(({ turns }) => turns)).toEqual([
      [frozen, learning(0, 3), learning(0, 1)],
      [frozen, learning(1, 3), idle],
      [learning(0, 2), learning(2, 3), idle],
      [learning(1, 2), idle, idle],
    ]);
  });

  it("of fractions that meet leaves no step between them, whatever the number of steps", () => {
    for (const steps of [2, 3, 7, 10, 1001]) {
      const third = { starts: [0, 1 / 3], stops: [1 / 3, 1] };
      for (const { turns } of plansOf(third, 2, steps)) {
        expect(turns.filter(({ mode }) => mode === "learning")).toHaveLength(1);
      }
    }
  });

  it.each<[string, unknown, string]>([
    ["another word", "serial", "timetable"],
    ["nothing", null, "timetable"],
    ["no stops", { starts: [0, 0] }, "timetable.stops"],
    ["one start for two blocks", { starts: [0], stops: [1, 1] }, "timetable.starts"],
    ["a start below 0", { starts: [0, -0.1], stops: [1, 1] }, "timetable.starts[1]"],
    ["a stop above 1", { starts: [0, 0], stops: [1.5, 1] }, "timetable.stops[0]"],
    ["a stop that is no number", { starts: [0, 0], stops: [Number.NaN, 1] }, "timetable.stops[0]"],
    ["a window of less than a step", { starts: [0, 0.5], stops: [1, 0.51] }, "timetable.stops[1]"],
    ["a window that ends before it starts", { starts: [0, 0.8], stops: [1, 0.2] }, "timetable.stops[1]"],
    ["steps in the middle without a learner", { starts: [0, 0.5], stops: [0.2, 1] }, "timetable"],
    ["steps at the end without a learner", { starts: [0, 0], stops: [0.5, 0.5] }, "timetable"],
    ["steps at the start without a learner", { starts: [0.5, 0.5], stops: [1, 1] }, "timetable"],
  ])("refuses %s", (_, timetable, option) => {
    expect(() => resolveTimetable(timetable as Timetable, { blockCount: 2, stepsPerPhase: 10 })).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option }),
    );
  });
});
