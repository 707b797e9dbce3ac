import type { Loader } from "@blockwise/loader";
import { NonFiniteValueError, type RunPhaseV1, type TrainerCallbackV1 } from "@blockwise/spec";
import type { FrozenOutputs } from "../frozen-outputs/frozen-outputs.js";
import type { BlockCounters } from "../learner/block-state.js";
import type { ResolvedTimetable } from "../timetable/timetable.js";
import { type StepPlan, turnsAt } from "../timetable/turns-at.js";
import type { BatchCursor } from "./batch-cursor.js";
import { fromLoader } from "./learn-batch.js";
import type { RunClock } from "./run-clock.js";
import type { StepJob, StepRunner } from "./step-runner.js";
import type { TrainerOptions } from "./trainer.js";

/** What the steps of a run are done with. */
export interface RunParts {
  readonly options: TrainerOptions;
  /** The ids of the network's blocks. */
  readonly blocks: readonly string[];
  readonly loader: Loader;
  readonly cursor: BatchCursor;
  readonly timetable: ResolvedTimetable;
  readonly runner: StepRunner;
  readonly frozen: FrozenOutputs | null;
  readonly clock: RunClock;
  /** Saves the network as after so many steps. */
  readonly save: (step: number) => Promise<void>;
  /** Is told how many steps are done. */
  readonly onStep: (step: number) => void;
}

/**
 * Does the steps of a run from one on, to the end or until the signal, and leaves the network as after the last. Steps are
 * begun as far ahead as the runner can have them under way, and come to an end in order.
 */
export async function runSteps(startStep: number, parts: RunParts): Promise<void> {
  const { options, timetable, runner, save } = parts;
  const { stepCount } = timetable;
  const aborted = (): boolean => options.signal?.aborted === true;
  const jobs: StepJob[] = [];
  let next = startStep;
  const canBegin = (): boolean =>
    next < stepCount && !aborted() && jobs.length < runner.window && mayBegin(next, jobs, parts);
  for (;;) {
    while (canBegin()) {
      const job = await fetchJob(next, parts);
      await runner.feed(job);
      jobs.push(job);
      next += 1;
    }
    const job = jobs.shift();
    if (job === undefined) break;
    await endStep(job, parts, aborted);
  }
  if (next === startStep) return;
  if (next < stepCount) await runner.updateNetwork();
  await save(next);
}

/**
 * What waits for the steps before it: a phase for the outputs that the one before keeps, and a copy of the network for the
 * last copy to be put away.
 */
function mayBegin(step: number, jobs: readonly StepJob[], parts: RunParts): boolean {
  const { frozen, timetable } = parts;
  const plan = turnsAt(timetable, step);
  const last = jobs.at(-1);
  if (frozen !== null && last !== undefined && last.plan.phase !== plan.phase) return false;
  return !(updatesNetwork(step, plan, parts) && jobs.some((job) => job.updatesNetwork));
}

async function fetchJob(step: number, parts: RunParts): Promise<StepJob> {
  const { options, cursor, frozen, timetable } = parts;
  const plan = turnsAt(timetable, step);
  const from = performance.now();
  const inputs =
    (await frozen?.read(plan)) ?? fromLoader(await cursor.at(plan.dataStep), options.augmentation.shape);
  return {
    step,
    plan,
    inputs,
    fetched: { from, to: performance.now() },
    keepOutputsOf: frozen?.wanted(plan) ?? null,
    updatesNetwork: updatesNetwork(step, plan, parts),
  };
}

/** Whether somebody will look at the network after a step. */
function updatesNetwork(step: number, plan: StepPlan, { options, frozen, timetable }: RunParts): boolean {
  const { stepCount, stepsPerPhase } = timetable;
  return (
    isSaved(step, plan, options, stepsPerPhase) ||
    step + 1 === stepCount ||
    (frozen !== null && plan.dataStep + 1 === stepsPerPhase) ||
    (options.callbacks ?? []).some((callback) => callback.readsNetwork?.({ step, stepCount }) === true)
  );
}

function isSaved(
  step: number,
  { dataStep }: StepPlan,
  { checkpoints }: TrainerOptions,
  stepsPerPhase: number,
): boolean {
  if (checkpoints == null) return false;
  return (step + 1) % (checkpoints.everySteps ?? 500) === 0 || dataStep + 1 === stepsPerPhase;
}

/** Takes the outcome of the oldest step and tells everybody. */
async function endStep(job: StepJob, parts: RunParts, aborted: () => boolean): Promise<void> {
  const { options, blocks, loader, timetable, runner, frozen, clock, save, onStep } = parts;
  const { stepCount, stepsPerPhase, phaseCount } = timetable;
  const { step, plan, inputs } = job;
  const callbacks = options.callbacks ?? [];
  const { reports, counters, frozenOutputs } = await runner.take();
  if (frozenOutputs !== null) {
    await frozen?.store(plan, { outputs: frozenOutputs, labels: inputs.labels });
  }
  requireOneLearning(job, blocks, counters);
  clock.stepDone(step + 1, runner.dataWaitMs ?? loader.waitMs + (frozen?.waitMs ?? 0));
  const epoch = Math.floor(plan.dataStep / loader.batchesPerEpoch);
  const readings = runner.readings();
  const event = {
    step,
    stepCount,
    epoch,
    phase: phaseOf(plan, phaseCount, blocks),
    blocks: reports,
    ...clock.reading(),
    inputImagesPerSecond: loader.report().imagesPerSecond,
    ...(readings === null ? {} : { blockWorkers: readings }),
  };
  const done = step + 1;
  onStep(done);
  for (const callback of callbacks) await callback.onStepEnd?.(event);
  if (isSaved(step, plan, options, stepsPerPhase) && done < stepCount && !aborted()) await save(done);
  if ((plan.dataStep + 1) % loader.batchesPerEpoch === 0) {
    await tellEpochEnd(callbacks, { epoch, step: done });
  }
}

async function tellEpochEnd(
  callbacks: readonly TrainerCallbackV1[],
  event: { readonly epoch: number; readonly step: number },
): Promise<void> {
  for (const callback of callbacks) await callback.onEpochEnd?.(event);
}

function phaseOf({ phase, turns }: StepPlan, count: number, blocks: readonly string[]): RunPhaseV1 | null {
  if (count === 1) return null;
  return { index: phase, count, block: blocks[turns.findIndex(({ mode }) => mode === "learning")] ?? "" };
}

function requireOneLearning(
  { step, plan: { turns } }: StepJob,
  blocks: readonly string[],
  counters: readonly BlockCounters[],
): void {
  const learning = counters.flatMap((own, block) =>
    turns[block]?.mode === "learning" ? [{ id: blocks[block], ...own }] : [],
  );
  if (learning.some(({ stopped }) => !stopped)) return;
  const skippedSteps = Math.min(...learning.map((own) => own.skippedSteps));
  const block = learning.map(({ id }) => id).join(", ");
  throw new NonFiniteValueError(
    `At step ${step} no block is learning any more (${block}): the loss or a gradient was not finite too many times in a row. ` +
      "Lower the learning rate, lengthen the warm-up, or look for broken images.",
    { block, step, skippedSteps },
  );
}
