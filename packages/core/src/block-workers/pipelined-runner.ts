import type { BlockWorkerReadingV1, ScheduleV1 } from "@blockwise/spec";
import { measureBlocks } from "../cost/measure-blocks.js";
import type { BlockCounters } from "../learner/block-state.js";
import { turnsWithRates } from "../trainer/learn-batch.js";
import type { StepJob, StepOutcome, StepRunner } from "../trainer/step-runner.js";
import type { BlockThread } from "./block-thread.js";
import type { StepDone } from "./block-worker-protocol.js";
import type { BlockWorkersOptions } from "./block-workers-options.js";
import { isFree, write } from "./link.js";
import { describePlacement, placeBlocks } from "./placement.js";
import { linkOf, type TeamPlace, type TeamRun, ThreadTeam } from "./thread-team.js";

/** What a runner in threads must know of a run. */
export interface ThreadedRun extends TeamRun {
  readonly schedule: ScheduleV1;
  readonly stepsPerPhase: number;
  readonly views: number;
  readonly note: (message: string) => Promise<void>;
}

/** A step under way. */
interface OpenJob {
  readonly job: StepJob;
  /** The labels, for those who look at features. */
  readonly labels: Int32Array | null;
  readonly threads: readonly BlockThread[];
}

/**
 * Lets blocks learn in threads of their own, neighbours in one, steps one behind the other: while the second thread is at
 * a step, the first is at the one after it. Every block does its steps in order with its own weights as the step before left
 * them, and nothing goes backward, so that all numbers are those of one thread, bit for bit.
 *
 * The trainer's network keeps the weights that threads begin with, and is brought up to date when it is asked for.
 */
export class PipelinedRunner implements StepRunner {
  window = 1;
  readonly #team: ThreadTeam;
  /** By thread: how many messages its input has had. */
  #places: number[] = [];
  readonly #jobs: OpenJob[] = [];
  readonly #options: BlockWorkersOptions;
  readonly #run: ThreadedRun;
  #counters: BlockCounters[];

  constructor(options: BlockWorkersOptions, run: ThreadedRun) {
    this.#options = options;
    this.#run = run;
    this.#team = new ThreadTeam(run);
    this.#counters = run.network.learners.map(({ counters }) => counters);
  }

  get dataWaitMs(): number {
    return this.#team.dataWaitMs;
  }

  async begin(): Promise<void> {
    const { network, note } = this.#run;
    const { learners } = network;
    const definitions = learners.map(({ definition }) => definition);
    let seconds: readonly number[] | null = null;
    const placement = placeBlocks(this.#options.placement, definitions, () => {
      seconds = measureBlocks(network);
      return seconds;
    });
    this.#counters = learners.map(({ counters }) => counters);
    this.#places = placement.map(() => 0);
    this.window = 2 * placement.length;
    await this.#team.start(this.#linked(placement), { ...this.#options, option: "blockWorkers" });
    await note(
      `blocks learn in ${placement.length} ${placement.length === 1 ? "thread" : "threads"}: ${describePlacement(placement, definitions, seconds)}`,
    );
  }

  async feed(job: StepJob): Promise<void> {
    const { inputs, plan, keepOutputsOf, updatesNetwork } = job;
    const { firstBlock, outputs, shape, labels } = inputs;
    const { schedule, stepsPerPhase, views } = this.#run;
    const turns = turnsWithRates(plan, schedule);
    const isAtWork = (block: number): boolean => block >= firstBlock && turns[block]?.mode !== "idle";
    const threads = this.#team.threads.filter(({ data }) => data.blocks.some(isAtWork));
    const [first] = threads;
    if (first === undefined) throw new Error(`No block has its turn at step ${job.step}`);
    this.#team.countDataWait(first, job);
    const place = this.#takePlace(first);
    await this.#team.until(() => isFree(first.data.input, place));
    write(first.data.input, place, outputs);
    inputs.release?.();
    let inputPlace = place;
    for (const [index, thread] of threads.entries()) {
      const next = threads[index + 1];
      const outputPlace = next === undefined ? null : this.#takePlace(next);
      const [ownFirst = 0] = thread.data.blocks;
      thread.post({
        type: "step",
        runStep: job.step,
        step: plan.dataStep,
        stepCount: stepsPerPhase,
        turns,
        learningRate: schedule.learningRate({ step: plan.dataStep, stepCount: stepsPerPhase }),
        labels,
        firstBlock,
        inputShape: index === 0 ? shape : [shape[0] ?? 0, ...this.#inputShape(ownFirst)],
        views,
        inputPlace,
        outputPlace,
        keepOutputsOf,
      });
      if (outputPlace !== null) inputPlace = outputPlace;
    }
    if (updatesNetwork) for (const thread of this.#team.threads) thread.post({ type: "snapshot" });
    this.#jobs.push({ job, labels, threads });
  }

  async take(): Promise<StepOutcome> {
    const open = this.#jobs.shift();
    if (open === undefined) throw new Error("No step was begun");
    const done: StepDone[] = [];
    for (const thread of open.threads) done.push(await this.#team.stepOf(thread));
    for (const { block, counters } of done.flatMap(({ counters }) => counters)) {
      this.#counters[block] = counters;
    }
    for (const learner of this.#run.network.learners) {
      if (open.job.plan.turns[learner.definition.index]?.mode === "learning") learner.leave();
    }
    if (open.job.updatesNetwork) await this.#team.takeSnapshots(this.#team.threads);
    this.#team.show(done, open.labels);
    const { frozenOutputs = null } = done.find((own) => own.frozenOutputs !== null) ?? {};
    return {
      reports: done.flatMap(({ reports }) => reports),
      counters: [...this.#counters],
      frozenOutputs: frozenOutputs?.map(({ values }) => values) ?? null,
    };
  }

  async updateNetwork(): Promise<void> {
    for (const thread of this.#team.threads) thread.post({ type: "snapshot" });
    await this.#team.takeSnapshots(this.#team.threads);
  }

  readings(): readonly BlockWorkerReadingV1[] {
    return this.#team.readings();
  }

  async close(): Promise<void> {
    await this.#team.close();
  }

  #linked(placement: readonly (readonly number[])[]): readonly TeamPlace[] {
    const { network, views } = this.#run;
    const sizeOf = (block: number): number =>
      this.#inputShape(block).reduce(
        (product, length) => product * length,
        views * network.options.batchSize,
      );
    // Where frozen outputs are read back, a thread may begin at any of its blocks.
    const links = placement.map((blocks) => linkOf(Math.max(...blocks.map(sizeOf))));
    return placement.map((blocks, worker) => {
      const input = links[worker] as (typeof links)[number];
      return { batch: null, blocks, input, output: links[worker + 1] ?? null };
    });
  }

  #inputShape(block: number): readonly number[] {
    return this.#run.network.learners[block]?.definition.inputShape ?? [];
  }

  #takePlace({ data }: BlockThread): number {
    const place = this.#places[data.worker] ?? 0;
    this.#places[data.worker] = place + 1;
    return place;
  }
}
