import type { ResolvedTimetable } from "./timetable.js";

/**
 * What a block does in one step. `"learning"`: it learns, at a step of so many of its own. `"frozen"`: it hands on what it
 * makes of its inputs as in training (batch statistics, noise), and nothing of it changes. `"idle"`: nothing, since no
 * block after it learns.
 */
export type BlockTurn =
  | { readonly mode: "learning"; readonly step: number; readonly stepCount: number }
  | { readonly mode: "frozen" }
  | { readonly mode: "idle" };

/** What happens in one step of a run. */
export interface StepPlan {
  /** The place in the stream of views, from 0: what images, augmentations and noise are keyed by. */
  readonly dataStep: number;
  /** Which pass through that stream it is, from 0. */
  readonly phase: number;
  /** One a block. */
  readonly turns: readonly BlockTurn[];
}

/** What happens in a step, from 0, of a timetable. */
export function turnsAt({ stepsPerPhase, windows }: ResolvedTimetable, step: number): StepPlan {
  const learns = windows.map(({ start, stop }) => start <= step && step < stop);
  const last = learns.lastIndexOf(true);
  return {
    dataStep: step % stepsPerPhase,
    phase: Math.floor(step / stepsPerPhase),
    turns: windows.map(({ start, stop }, block) => {
      if (learns[block]) return { mode: "learning", step: step - start, stepCount: stop - start };
      return { mode: block < last ? "frozen" : "idle" };
    }),
  };
}
