import { availableParallelism } from "node:os";
import type { BlockWorkerReadingV1, EngineV1, ScheduleV1 } from "@blockwise/spec";
import { InvalidOptionError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { firstDifference } from "../checkpoint/run-record.js";
import { measureBlocks } from "../cost/measure-blocks.js";
import type { FeatureObserver } from "../learner/block-learner.js";
import type { BlockCounters } from "../learner/block-state.js";
import { describeLearning } from "../trainer/describe-configuration.js";
import { turnsWithRates } from "../trainer/learn-batch.js";
import type { StepJob, StepOutcome, StepRunner } from "../trainer/step-runner.js";
import type { LearningOptions, Network } from "../wiring/network.js";
import { BlockThread } from "./block-thread.js";
import { type BlockWorkerData, makeWorkNote, type StepDone } from "./block-worker-protocol.js";
import type { BlockWorkersOptions } from "./block-workers-options.js";
import { isFree, makeLink, write } from "./link.js";
import { memoryOf, packBlock, tensorsOf, unpackBlock, unpackTensor } from "./packed-block.js";
import { describePlacement, placeBlocks } from "./placement.js";

/** What the runner must know of a run. */
export interface PipelinedRun {
  readonly network: Network;
  readonly learning: Pick<LearningOptions, "noise" | "optimizer"> & {
    readonly engine: EngineV1;
    readonly seed: number;
    readonly skipLimit: number;
    readonly meters: BlockWorkerData["network"]["meters"];
  };
  readonly schedule: ScheduleV1;
  readonly stepsPerPhase: number;
  readonly views: number;
  /** Is shown what blocks make of each batch; null where nobody looks. */
  readonly observer: FeatureObserver | null;
  readonly note: (message: string) => Promise<void>;
}

/** Messages that wait in a link: one is written while another is read. */
const slotsPerLink = 2;

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
  #threads: readonly BlockThread[] = [];
  /** By thread: how many messages its input has had. */
  #places: number[] = [];
  readonly #jobs: OpenJob[] = [];
  readonly #options: BlockWorkersOptions;
  readonly #run: PipelinedRun;
  #counters: BlockCounters[];
  #failure: Error | null = null;
  #closed = false;
  #start = 0;
  #dataWaitMs = 0;
  #wake = (): void => undefined;

  constructor(options: BlockWorkersOptions, run: PipelinedRun) {
    this.#options = options;
    this.#run = run;
    this.#counters = run.network.learners.map(({ counters }) => counters);
  }

  get dataWaitMs(): number {
    return this.#dataWaitMs;
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
    this.#threads = this.#startThreads(placement);
    await this.#until(() => this.#threads.every(({ learning }) => learning !== null));
    this.#requireSameNetwork();
    for (const thread of this.#threads) {
      const blocks = learners
        .filter(({ definition }) => thread.data.blocks.includes(definition.index))
        .map(packBlock);
      thread.post({ type: "state", blocks }, memoryOf(tensorsOf(blocks)));
    }
    this.#start = performance.now();
    for (const thread of this.#threads) thread.idleSince = this.#start;
    await note(
      `blocks learn in ${placement.length} ${placement.length === 1 ? "thread" : "threads"}: ${describePlacement(placement, definitions, seconds)}`,
    );
  }

  async feed(job: StepJob): Promise<void> {
    const { inputs, plan, fetched, keepOutputsOf, updatesNetwork } = job;
    const { firstBlock, outputs, shape, labels } = inputs;
    const { schedule, stepsPerPhase, views } = this.#run;
    const turns = turnsWithRates(plan, schedule);
    const isAtWork = (block: number): boolean => block >= firstBlock && turns[block]?.mode !== "idle";
    const threads = this.#threads.filter(({ data }) => data.blocks.some(isAtWork));
    const [first] = threads;
    if (first === undefined) throw new Error(`No block has its turn at step ${job.step}`);
    if (first.pending === 0)
      this.#dataWaitMs += Math.max(0, fetched.to - Math.max(fetched.from, first.idleSince));
    const place = this.#takePlace(first);
    await this.#until(() => isFree(first.data.input, place));
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
    if (updatesNetwork) for (const thread of this.#threads) thread.post({ type: "snapshot" });
    this.#jobs.push({ job, labels, threads });
  }

  async take(): Promise<StepOutcome> {
    const open = this.#jobs.shift();
    if (open === undefined) throw new Error("No step was begun");
    const done: StepDone[] = [];
    for (const thread of open.threads) {
      await this.#until(() => thread.stepped.length > 0);
      done.push(thread.stepped.shift() as StepDone);
    }
    for (const { block, counters } of done.flatMap(({ counters }) => counters)) {
      this.#counters[block] = counters;
    }
    for (const learner of this.#run.network.learners) {
      if (open.job.plan.turns[learner.definition.index]?.mode === "learning") learner.leave();
    }
    if (open.job.updatesNetwork) await this.#takeSnapshots();
    this.#show(done, open.labels);
    const { frozenOutputs = null } = done.find((own) => own.frozenOutputs !== null) ?? {};
    return {
      reports: done.flatMap(({ reports }) => reports),
      counters: [...this.#counters],
      frozenOutputs: frozenOutputs?.map(({ values }) => values) ?? null,
    };
  }

  async updateNetwork(): Promise<void> {
    for (const thread of this.#threads) thread.post({ type: "snapshot" });
    await this.#takeSnapshots();
  }

  readings(): readonly BlockWorkerReadingV1[] {
    const elapsed = performance.now() - this.#start;
    return this.#threads.map(({ blocks, busyMs }) => ({
      blocks,
      busyShare: this.#start === 0 ? 0 : Math.min(1, busyMs / elapsed),
    }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }

  #startThreads(placement: readonly (readonly number[])[]): readonly BlockThread[] {
    const { network, learning, observer, views } = this.#run;
    const coresEach = Math.max(1, Math.floor(availableParallelism() / placement.length));
    const { recipe, engineThreads = coresEach, resourceLimits } = this.#options;
    const { partition, imageShape, batchSize, classCount } = network.options;
    const { seed, skipLimit, meters } = learning;
    const sizeOf = (block: number): number =>
      this.#inputShape(block).reduce((product, length) => product * length, views * batchSize);
    // Where frozen outputs are read back, a thread may begin at any of its blocks.
    const links = placement.map((blocks) => makeLink(slotsPerLink, Math.max(...blocks.map(sizeOf))));
    return links.map(
      (input, worker) =>
        new BlockThread(
          {
            worker,
            workerCount: placement.length,
            threads: engineThreads,
            blocks: placement[worker] ?? [],
            recipe,
            network: { partition, imageShape, batchSize, classCount, seed, skipLimit, meters },
            input,
            output: links[worker + 1] ?? null,
            work: makeWorkNote(),
            observed: observer !== null,
          },
          {
            blockIds: network.learners.map(({ definition }) => definition.id),
            resourceLimits,
            onNews: () => this.#wake(),
            onFailure: (error) => this.#fail(error),
          },
        ),
    );
  }

  #inputShape(block: number): readonly number[] {
    return this.#run.network.learners[block]?.definition.inputShape ?? [];
  }

  #takePlace({ data }: BlockThread): number {
    const place = this.#places[data.worker] ?? 0;
    this.#places[data.worker] = place + 1;
    return place;
  }

  /** @throws InvalidOptionError where threads made other plugins than the trainer was given. */
  #requireSameNetwork(): void {
    const { network, learning } = this.#run;
    const own = describeLearning({ ...network.options, ...learning });
    for (const { learning: theirs } of this.#threads) {
      const difference = theirs === null ? null : firstDifference(own, theirs);
      if (difference === null) continue;
      throw new InvalidOptionError({
        option: "blockWorkers.recipe",
        expected: "one that makes the trainer's own network",
        received: difference,
        hint: "Give the recipe the options that the trainer's plugins were made from.",
      });
    }
  }

  /** Shows what blocks made of the batch, as they would in this thread. */
  #show(done: readonly StepDone[], labels: Int32Array | null): void {
    const { observer } = this.#run;
    if (observer === null) return;
    for (const { block, map, feature } of done.flatMap(({ features }) => features)) {
      tf.tidy(() =>
        observer({
          block,
          map: unpackTensor(map),
          feature: unpackTensor(feature) as tf.Tensor2D,
          labels: labels === null ? null : tf.tensor1d(labels, "int32"),
        }),
      );
    }
  }

  async #takeSnapshots(): Promise<void> {
    await this.#until(() => this.#threads.every(({ snapshots }) => snapshots.length > 0));
    const packed = this.#threads.flatMap(({ snapshots }) => snapshots.shift() ?? []);
    for (const learner of this.#run.network.learners) {
      const own = packed.find(({ block }) => block === learner.definition.index);
      if (own !== undefined) unpackBlock(learner, own);
    }
  }

  #fail(error: Error): void {
    if (this.#closed) return;
    this.#failure ??= error;
    this.#wake();
  }

  /** Waits for threads until it is so. @throws what one of them failed with. */
  async #until(isSo: () => boolean): Promise<void> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure;
      if (isSo()) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
