import { availableParallelism } from "node:os";
import type { ResourceLimits } from "node:worker_threads";
import type { BlockWorkerReadingV1, EngineV1 } from "@blockwise/spec";
import { InvalidOptionError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { firstDifference } from "../checkpoint/run-record.js";
import type { FeatureObserver } from "../learner/block-learner.js";
import { describeLearning } from "../trainer/describe-configuration.js";
import type { StepJob } from "../trainer/step-runner.js";
import type { LearningOptions, Network } from "../wiring/network.js";
import { BlockThread } from "./block-thread.js";
import { type BlockWorkerData, makeWorkNote, type StepDone } from "./block-worker-protocol.js";
import type { NetworkRecipe } from "./block-workers-options.js";
import { type Link, makeLink } from "./link.js";
import { memoryOf, packBlock, tensorsOf, unpackBlock, unpackTensor } from "./packed-block.js";

/** What threads must know of a run. */
export interface TeamRun {
  readonly network: Network;
  readonly learning: Pick<LearningOptions, "noise" | "optimizer"> & {
    readonly engine: EngineV1;
    readonly seed: number;
    readonly skipLimit: number;
    readonly meters: BlockWorkerData["network"]["meters"];
  };
  /** Is shown what blocks make of each batch; null where nobody looks. */
  readonly observer: FeatureObserver | null;
}

/** How threads are started. */
export interface TeamOptions {
  readonly option: BlockWorkerData["option"];
  readonly recipe: NetworkRecipe;
  readonly engineThreads?: number;
  readonly resourceLimits?: ResourceLimits;
}

/** What one thread has that others have not. */
export type TeamPlace = Pick<BlockWorkerData, "batch" | "blocks" | "input" | "output">;

/** Messages that wait in a link: one is written while another is read. */
const slotsPerLink = 2;

/** A link for so many messages of a size, in values. */
export function linkOf(size: number): Link {
  return makeLink(slotsPerLink, size);
}

/** The threads that blocks of a network learn in, and what the trainer has to do with all of them. */
export class ThreadTeam {
  threads: readonly BlockThread[] = [];
  readonly #run: TeamRun;
  #failure: Error | null = null;
  #closed = false;
  #start = 0;
  #dataWaitMs = 0;
  #wake = (): void => undefined;

  constructor(run: TeamRun) {
    this.#run = run;
  }

  /** Milliseconds that its first thread had nothing to do and waited for data. */
  get dataWaitMs(): number {
    return this.#dataWaitMs;
  }

  /**
   * Starts a thread for each place, and gives its blocks the trainer's state.
   *
   * @throws BlockWorkerError; InvalidOptionError where threads made other plugins than the trainer was given
   */
  async start(places: readonly TeamPlace[], options: TeamOptions): Promise<void> {
    this.threads = this.#startThreads(places, options);
    await this.until(() => this.threads.every(({ learning }) => learning !== null));
    this.#requireSameNetwork(options.option);
    for (const thread of this.threads) {
      const blocks = this.#run.network.learners
        .filter(({ definition }) => thread.data.blocks.includes(definition.index))
        .map(packBlock);
      thread.post({ type: "state", blocks }, memoryOf(tensorsOf(blocks)));
    }
    this.#start = performance.now();
    for (const thread of this.threads) thread.idleSince = this.#start;
  }

  /** Notes that the next step's data, which was waited for, is there for a thread. */
  countDataWait(thread: BlockThread, { fetched }: StepJob): void {
    if (thread.pending > 0) return;
    this.#dataWaitMs += Math.max(0, fetched.to - Math.max(fetched.from, thread.idleSince));
  }

  /** The next step that a thread has done. */
  async stepOf(thread: BlockThread): Promise<StepDone> {
    await this.until(() => thread.stepped.length > 0);
    return thread.stepped.shift() as StepDone;
  }

  /** Shows what blocks made of the batch, as they would in this thread. */
  show(done: readonly StepDone[], labels: Int32Array | null): void {
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

  /** Takes the snapshots that threads were asked for into the trainer's network. */
  async takeSnapshots(threads: readonly BlockThread[]): Promise<void> {
    await this.until(() => threads.every(({ snapshots }) => snapshots.length > 0));
    const packed = threads.flatMap(({ snapshots }) => snapshots.shift() ?? []);
    for (const learner of this.#run.network.learners) {
      const own = packed.find(({ block }) => block === learner.definition.index);
      if (own !== undefined) unpackBlock(learner, own);
    }
  }

  readings(): readonly BlockWorkerReadingV1[] {
    const elapsed = performance.now() - this.#start;
    return this.threads.map(({ blocks, busyMs }) => ({
      blocks,
      busyShare: this.#start === 0 ? 0 : Math.min(1, busyMs / elapsed),
    }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    await Promise.all(this.threads.map((thread) => thread.end()));
  }

  /** Waits for threads until it is so. @throws what one of them failed with. */
  async until(isSo: () => boolean): Promise<void> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure;
      if (isSo()) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #startThreads(places: readonly TeamPlace[], options: TeamOptions): readonly BlockThread[] {
    const { network, learning, observer } = this.#run;
    const coresEach = Math.max(1, Math.floor(availableParallelism() / places.length));
    const { option, recipe, engineThreads = coresEach, resourceLimits } = options;
    const { partition, imageShape, batchSize, classCount } = network.options;
    const { seed, skipLimit, meters } = learning;
    return places.map(
      (place, worker) =>
        new BlockThread(
          {
            ...place,
            option,
            worker,
            workerCount: places.length,
            threads: engineThreads,
            recipe,
            network: { partition, imageShape, batchSize, classCount, seed, skipLimit, meters },
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

  #requireSameNetwork(option: string): void {
    const { network, learning } = this.#run;
    const own = describeLearning({ ...network.options, ...learning });
    for (const { learning: theirs } of this.threads) {
      const difference = theirs === null ? null : firstDifference(own, theirs);
      if (difference === null) continue;
      throw new InvalidOptionError({
        option: `${option}.recipe`,
        expected: "one that makes the trainer's own network",
        received: difference,
        hint: "Give the recipe the options that the trainer's plugins were made from.",
      });
    }
  }

  #fail(error: Error): void {
    if (this.#closed) return;
    this.#failure ??= error;
    this.#wake();
  }
}
