import { InvalidOptionError } from "@blockwise/spec";

/**
 * When each block learns:
 * `"simultaneous"`, all blocks in every step;
 * `"sequential"`, each block for the whole run's epochs, then the next one on what it hands on: as many steps a block as a
 * simultaneous run has in all;
 * or fractions of the run, one a block, from 0 to 1: block `k` learns from `starts[k]` to `stops[k]`.
 */
export type Timetable = "sequential" | "simultaneous" | LearningFractions;

/** The part of a run in which each block learns, from 0 to 1, one entry a block. */
export interface LearningFractions {
  /** Where each block begins to learn. */
  readonly starts: readonly number[];
  /** Where each block is frozen; after its start. */
  readonly stops: readonly number[];
}

/** The steps in which a block learns: from `start`, up to and without `stop`. */
export interface LearningWindow {
  /** The first step in which it learns, from 0. */
  readonly start: number;
  /** The first step in which it learns no more. */
  readonly stop: number;
}

/** A timetable in steps. */
export interface ResolvedTimetable {
  /** Steps of the whole run. */
  readonly stepCount: number;
  /** Steps after which the stream of views begins anew. */
  readonly stepsPerPhase: number;
  /** How often it is gone through: once, or once a block. */
  readonly phaseCount: number;
  /** One a block. */
  readonly windows: readonly LearningWindow[];
}

/**
 * A timetable for so many blocks in steps.
 *
 * @param run.stepsPerPhase Steps of one pass through all epochs: the whole run, or one block's part where they take turns.
 * @throws InvalidOptionError for fractions that are not one a block, out of range, shorter than a step, or that leave a step
 * in which no block learns.
 */
export function resolveTimetable(
  timetable: Timetable,
  run: { readonly blockCount: number; readonly stepsPerPhase: number },
): ResolvedTimetable {
  const { blockCount, stepsPerPhase } = run;
  const blocks = Array.from({ length: blockCount }, (_, block) => block);
  if (timetable === "sequential") {
    return {
      stepCount: blockCount * stepsPerPhase,
      stepsPerPhase,
      phaseCount: blockCount,
      windows: blocks.map((block) => ({ start: block * stepsPerPhase, stop: (block + 1) * stepsPerPhase })),
    };
  }
  const windows =
    timetable === "simultaneous"
      ? blocks.map(() => ({ start: 0, stop: stepsPerPhase }))
      : windowsOf(timetable, run);
  return { stepCount: stepsPerPhase, stepsPerPhase, phaseCount: 1, windows };
}

function windowsOf(
  timetable: LearningFractions,
  run: { readonly blockCount: number; readonly stepsPerPhase: number },
): readonly LearningWindow[] {
  const { blockCount, stepsPerPhase } = run;
  if (typeof timetable !== "object" || timetable === null) {
    throw new InvalidOptionError({
      option: "timetable",
      expected: '"simultaneous", "sequential", or { starts, stops } with fractions of the run, one a block',
      received: timetable,
    });
  }
  const starts = inSteps("starts", timetable.starts, run);
  const stops = inSteps("stops", timetable.stops, run);
  const windows = starts.map((start, block) => ({ start, stop: stops[block] ?? 0 }));
  const empty = windows.findIndex(({ start, stop }) => start >= stop);
  if (empty >= 0) {
    throw new InvalidOptionError({
      option: `timetable.stops[${empty}]`,
      expected: `at least one step (of ${stepsPerPhase}) after starts[${empty}]`,
      received: timetable.stops[empty],
      hint: "Lengthen the run, or give the block more of it.",
    });
  }
  requireNoGap(windows, stepsPerPhase, blockCount);
  return windows;
}

function inSteps(
  name: "starts" | "stops",
  fractions: unknown,
  { blockCount, stepsPerPhase }: { readonly blockCount: number; readonly stepsPerPhase: number },
): readonly number[] {
  const given: readonly unknown[] = Array.isArray(fractions) ? fractions : [];
  if (given.length !== blockCount) {
    throw new InvalidOptionError({
      option: `timetable.${name}`,
      expected: `a list of ${blockCount} fractions of the run, one a block`,
      received: fractions,
    });
  }
  return given.map((fraction, block) => {
    if (typeof fraction === "number" && fraction >= 0 && fraction <= 1)
      return Math.round(fraction * stepsPerPhase);
    throw new InvalidOptionError({
      option: `timetable.${name}[${block}]`,
      expected: "a number from 0 to 1",
      received: fraction,
    });
  });
}

function requireNoGap(windows: readonly LearningWindow[], stepCount: number, blockCount: number): void {
  let covered = 0;
  for (const { start, stop } of [...windows].sort((a, b) => a.start - b.start)) {
    if (start > covered) break;
    covered = Math.max(covered, stop);
  }
  if (covered === stepCount) return;
  throw new InvalidOptionError({
    option: "timetable",
    expected: `one in which some of the ${blockCount} blocks learn in every step`,
    received: windows,
    hint: `No block learns in step ${covered} of ${stepCount}.`,
  });
}
