import type { LineListener } from "./line-tail.js";
import { asNumber, asObject, asStep } from "./read-whole.js";
import { StepTable } from "./step-table.js";

/** The last that a run has said of itself. */
export interface LatestProgress {
  /** Steps done, of `stepCount`. */
  readonly step: number;
  readonly stepCount: number | null;
  readonly epoch: number | null;
  /** Where blocks learn one after the other: the one at work. */
  readonly phase: { readonly block: string; readonly index: number; readonly count: number } | null;
  readonly secondsLeft: number | null;
  readonly pairsPerSecond: number | null;
  readonly dataWaitShare: number | null;
  readonly memoryBytes: number | null;
  /** Milliseconds since 1970. */
  readonly time: number | null;
  /** The longest time between two lines of late, in milliseconds. */
  readonly gapMs: number;
  readonly end: "complete" | "interrupted" | null;
}

const nothing: LatestProgress = {
  step: 0,
  stepCount: null,
  epoch: null,
  phase: null,
  secondsLeft: null,
  pairsPerSecond: null,
  dataWaitShare: null,
  memoryBytes: null,
  time: null,
  gapMs: 0,
  end: null,
};

const mostNotes = 20;

/** What `progress.jsonl` has come to. */
export class ProgressState implements LineListener {
  readonly pairsPerSecond: StepTable = new StepTable();
  readonly dataWaitShare: StepTable = new StepTable();
  readonly memoryBytes: StepTable = new StepTable();
  #latest: LatestProgress | null = null;
  #blocks: readonly string[] = [];
  #notes: string[] = [];

  /** Null before the first line. */
  get latest(): LatestProgress | null {
    return this.#latest;
  }

  /** From the first to the last. */
  get blocks(): readonly string[] {
    return this.#blocks;
  }

  get notes(): readonly string[] {
    return this.#notes;
  }

  onReset(): void {
    for (const table of this.#tables()) table.clear();
    this.#latest = null;
    this.#blocks = [];
    this.#notes = [];
  }

  onLine(line: Readonly<Record<string, unknown>>): void {
    const step = asStep(line.step);
    const time = asNumber(line.time);
    if (step === null || time === null) return;
    const before = this.#latest ?? nothing;
    const gapMs = before.time === null ? 0 : Math.max(0, time - before.time);
    switch (line.event) {
      case "start":
        // What an interrupted run did after its last checkpoint is done again.
        for (const table of this.#tables()) table.dropAfter(step);
        this.#blocks = Array.isArray(line.blocks)
          ? line.blocks.filter((block) => typeof block === "string").slice(0, 256)
          : [];
        this.#latest = { ...nothing, step, stepCount: asStep(line.stepCount), time };
        break;
      case "progress":
        this.#latest = { ...before, ...readingOf(line), step, time, gapMs };
        for (const [name, table] of this.#byName()) table.add(step, [[name, line[name]]]);
        break;
      case "note":
        if (typeof line.message === "string") {
          this.#notes = [...this.#notes, `Step ${step}: ${line.message}`].slice(-mostNotes);
        }
        this.#latest = { ...before, time };
        break;
      case "end":
        this.#latest = { ...before, step, time, end: line.interrupted === true ? "interrupted" : "complete" };
        break;
    }
  }

  #byName(): readonly (readonly [string, StepTable])[] {
    const { pairsPerSecond, dataWaitShare, memoryBytes } = this;
    return Object.entries({ pairsPerSecond, dataWaitShare, memoryBytes });
  }

  #tables(): readonly StepTable[] {
    return this.#byName().map(([, table]) => table);
  }
}

function readingOf(line: Readonly<Record<string, unknown>>): Partial<LatestProgress> {
  const phase = asObject(line.phase);
  const index = asStep(phase?.index);
  const count = asStep(phase?.count);
  return {
    epoch: asStep(line.epoch),
    phase:
      phase === null || index === null || count === null
        ? null
        : { block: String(phase.block), index, count },
    secondsLeft: asNumber(line.secondsLeft),
    pairsPerSecond: asNumber(line.pairsPerSecond),
    dataWaitShare: asNumber(line.dataWaitShare),
    memoryBytes: asNumber(line.memoryBytes),
  };
}
