import type { BlockWorkerReadingV1 } from "@blockwise/spec";
import type { StepDone } from "../block-workers/block-worker-protocol.js";
import { isFree, write } from "../block-workers/link.js";
import type { ThreadedRun } from "../block-workers/pipelined-runner.js";
import { linkOf, ThreadTeam } from "../block-workers/thread-team.js";
import type { BlockCounters } from "../learner/block-state.js";
import { turnsWithRates } from "../trainer/learn-batch.js";
import type { StepJob, StepOutcome, StepRunner } from "../trainer/step-runner.js";
import { makeBatchPartMemory } from "./batch-part.js";
import type { BatchWorkersOptions } from "./batch-workers-options.js";

/** A step under way. */
interface OpenJob {
  readonly job: StepJob;
  /** The labels, for those who look at features. */
  readonly labels: Int32Array | null;
}

/**
 * Lets threads with the whole network each learn from an equal part of every batch, in step with each other: batch norms,
 * losses and gradients are of the whole batch, so that all make the same updates, bit for bit, and numbers are those of
 * one thread but for rounding.
 *
 * The first thread speaks for all. The trainer's network is brought up to date when it is asked for.
 */
export class ReplicatedRunner implements StepRunner {
  // A batch waits while one is learnt from.
  readonly window = 2;
  readonly #team: ThreadTeam;
  readonly #jobs: OpenJob[] = [];
  readonly #options: BatchWorkersOptions;
  readonly #run: ThreadedRun;
  #counters: readonly BlockCounters[] = [];
  #place = 0;

  constructor(options: BatchWorkersOptions, run: ThreadedRun) {
    this.#options = options;
    this.#run = run;
    this.#team = new ThreadTeam(run);
  }

  get dataWaitMs(): number {
    return this.#team.dataWaitMs;
  }

  async begin(): Promise<void> {
    const { network, views, note } = this.#run;
    const { count } = this.#options;
    const { batchSize } = network.options;
    this.#counters = network.learners.map(({ counters }) => counters);
    const blocks = network.learners.map(({ definition }) => definition.index);
    // Where frozen outputs are read back, a step may begin at any block.
    const size = Math.max(
      ...network.learners.map(({ definition: { inputShape } }) =>
        inputShape.reduce((product, length) => product * length, (views * batchSize) / count),
      ),
    );
    const batch = makeBatchPartMemory(count);
    const places = Array.from({ length: count }, () => ({
      batch,
      blocks,
      input: linkOf(size),
      output: null,
    }));
    await this.#team.start(places, { ...this.#options, option: "batchWorkers" });
    await note(`${count} threads have ${batchSize / count} images of each batch`);
  }

  async feed(job: StepJob): Promise<void> {
    const { inputs, plan, keepOutputsOf, updatesNetwork } = job;
    const { firstBlock, outputs, shape, labels } = inputs;
    const { schedule, stepsPerPhase, views } = this.#run;
    const { threads } = this.#team;
    const [batchSize = 0, ...sampleShape] = shape;
    const [first] = threads;
    if (first !== undefined) this.#team.countDataWait(first, job);
    const place = this.#place;
    this.#place += 1;
    for (const [index, { data }] of threads.entries()) {
      await this.#team.until(() => isFree(data.input, place));
      write(
        data.input,
        place,
        outputs.map((values) => {
          const size = values.length / threads.length;
          return values.subarray(index * size, (index + 1) * size);
        }),
      );
    }
    inputs.release?.();
    for (const thread of threads) {
      thread.post({
        type: "step",
        runStep: job.step,
        step: plan.dataStep,
        stepCount: stepsPerPhase,
        turns: turnsWithRates(plan, schedule),
        learningRate: schedule.learningRate({ step: plan.dataStep, stepCount: stepsPerPhase }),
        labels,
        firstBlock,
        inputShape: [batchSize / threads.length, ...sampleShape],
        views,
        inputPlace: place,
        outputPlace: null,
        keepOutputsOf,
      });
    }
    if (updatesNetwork) first?.post({ type: "snapshot" });
    this.#jobs.push({ job, labels });
  }

  async take(): Promise<StepOutcome> {
    const open = this.#jobs.shift();
    if (open === undefined) throw new Error("No step was begun");
    const done: StepDone[] = [];
    for (const thread of this.#team.threads) done.push(await this.#team.stepOf(thread));
    const [first] = done as [StepDone];
    this.#counters = first.counters.map(({ counters }) => counters);
    for (const learner of this.#run.network.learners) {
      if (open.job.plan.turns[learner.definition.index]?.mode === "learning") learner.leave();
    }
    if (open.job.updatesNetwork) await this.#takeSnapshot();
    this.#team.show([first], open.labels);
    return { reports: first.reports, counters: this.#counters, frozenOutputs: frozenOutputsOf(done) };
  }

  async updateNetwork(): Promise<void> {
    this.#team.threads[0]?.post({ type: "snapshot" });
    await this.#takeSnapshot();
  }

  readings(): readonly BlockWorkerReadingV1[] {
    return this.#team.readings();
  }

  async close(): Promise<void> {
    await this.#team.close();
  }

  async #takeSnapshot(): Promise<void> {
    await this.#team.takeSnapshots(this.#team.threads.slice(0, 1));
  }
}

/** What a frozen block hands on of the whole batch, one a view. */
function frozenOutputsOf(done: readonly StepDone[]): readonly Float32Array[] | null {
  const [first] = done;
  if (first === undefined || first.frozenOutputs === null) return null;
  return first.frozenOutputs.map(({ values: { length } }, view) => {
    const whole = new Float32Array(done.length * length);
    for (const [index, { frozenOutputs }] of done.entries()) {
      whole.set(frozenOutputs?.[view]?.values ?? [], index * length);
    }
    return whole;
  });
}
