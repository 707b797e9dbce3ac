import { fold, type RandomKey } from "@blockwise/random";
import {
  type BlockFeaturesV1,
  type BlockHealthV1,
  type BlockStepV1,
  type LocalLossViewV1,
  MissingStateError,
  type OperationsV1,
  type OptimizerV1,
  type TensorMap,
} from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import type { BatchPart } from "../batch-workers/batch-part.js";
import { synchronisedOperations } from "../batch-workers/synchronised-operations.js";
import { isMeasured, type MeterOptions, measureHealth } from "../meters/measure-health.js";
import type { BlockDefinition } from "../wiring/block-definition.js";
import { type BlockGradients, type GradientRequest, gradientsOfBlock } from "./block-gradients.js";
import { type BlockCounters, type BlockState, countSkip, countUpdate, updated } from "./block-state.js";
import { type ForwardPass, handOn } from "./forward-pass.js";
import { initialTensor } from "./initialize.js";
import type { NoiseOptions } from "./noise.js";
import { type OpenStep, sumOfGradients } from "./open-step.js";

/** What a learner is made from. */
export interface BlockLearnerOptions {
  /** The block to train. */
  readonly definition: BlockDefinition;
  /** The learner of the block before, which may lend it units and whose loss may look at it; null for the first. */
  readonly before: BlockLearner | null;
  /** What it computes with: those of the engine that the tensors are on. */
  readonly operations: OperationsV1;
  /** What updates its parameters, and those that its loss keeps. */
  readonly optimizer: OptimizerV1;
  /** Keys the parameters' start, by name. */
  readonly key: RandomKey;
  /** Noise on what it hands on; null for none. */
  readonly noise: NoiseOptions | null;
  /** After this many skipped steps in a row the block stops learning. */
  readonly skipLimit: number;
  /** When its health is measured; null for never. */
  readonly meters: MeterOptions | null;
  /** The part of each batch that it is given, beside others like it in other threads. @default null: the whole */
  readonly part?: BatchPart | null;
}

/** What a learner is given in one step. All tensors are borrowed. */
export interface BlockStepRequest extends GradientRequest {
  /** The rate of this step, from the schedule. */
  readonly learningRate: number;
}

/** Is shown what a block makes of the first view of a batch. The tensors are borrowed; those that it makes are freed. */
export type FeatureObserver = (features: BlockFeaturesV1) => void;

/**
 * A block that learns by itself: units, head, projector, loss and optimiser state. It takes the outputs of the block
 * before as constants, so that no gradient can leave it, and hands on its own.
 */
export class BlockLearner {
  /** Its layers and its loss, with the names and shapes of all it keeps. */
  readonly definition: BlockDefinition;
  /** What it updates its parameters with. */
  readonly optimizer: OptimizerV1;
  /** What it computes with, given whole batches. */
  readonly operations: OperationsV1;
  readonly #part: BatchPart | null;
  readonly #noise: NoiseOptions | null;
  readonly #skipLimit: number;
  readonly #meters: MeterOptions | null;
  readonly #before: BlockLearner | null;
  #next: BlockLearner | null = null;
  #observer: FeatureObserver | null = null;
  #isAway = false;
  #state: BlockState;
  #counters: BlockCounters = { updateCount: 0, skippedSteps: 0, skippedInARow: 0, stopped: false };

  /** Makes the block's tensors anew, keyed by `key` and each parameter's name; they belong to the learner. */
  constructor(options: BlockLearnerOptions) {
    const { definition, before, key } = options;
    this.definition = definition;
    this.optimizer = options.optimizer;
    this.operations = options.operations;
    this.#part = options.part ?? null;
    this.#noise = options.noise;
    this.#skipLimit = options.skipLimit;
    this.#meters = options.meters;
    this.#before = before;
    if (before !== null) before.#next = this;
    const start = (specs: readonly Parameters<typeof initialTensor>[1][]): TensorMap =>
      Object.fromEntries(specs.map((spec) => [spec.name, initialTensor(key, spec)]));
    this.#state = {
      parameters: start(definition.parameters),
      buffers: start(definition.buffers),
      optimizer: this.optimizer.doInit(definition.parameters),
    };
  }

  /** Its tensors as they are now: borrowed, and good until the next step, `restore` or `dispose`. */
  get state(): BlockState {
    this.#requireHere();
    return this.#state;
  }

  /** How it has fared until now. */
  get counters(): BlockCounters {
    this.#requireHere();
    return this.#counters;
  }

  /** Takes over a state and disposes of the old one. The tensors' names and shapes are the caller's to check. */
  restore(state: BlockState, counters: BlockCounters): void {
    this.dispose();
    this.#state = state;
    this.#counters = counters;
    this.#isAway = false;
  }

  /** Says that the block goes on learning in another thread: what is kept here is old until it is restored, and is not shown. */
  leave(): void {
    this.#isAway = true;
  }

  /** Shows an observer what the block makes of each batch that it learns from. What it learns stays the same, bit for bit. */
  observe(observer: FeatureObserver | null): void {
    this.#observer = observer;
  }

  /**
   * Learns from one batch. The outputs, one a view, belong to the caller. For a block that shares units with a neighbour
   * see `open`: here its own loss alone counts.
   */
  step(request: BlockStepRequest): { readonly outputs: readonly tf.Tensor[]; readonly report: BlockStepV1 } {
    const { outputs, gradientsForBefore, finish } = this.open(request);
    tf.dispose({ ...gradientsForBefore });
    try {
      return { outputs, report: finish(null) };
    } catch (error) {
      tf.dispose([...outputs]);
      throw error;
    }
  }

  /**
   * Takes the gradients of one batch and leaves the update open: a block that lends units waits for what the next block's
   * loss asks of them at the same weights.
   *
   * Shared units belong to the block that lends them and are updated with it. Where its own loss or gradient is not finite
   * it skips the step, and they stay as they are; where that of the next block is not, they follow the lender's loss alone.
   */
  open(request: BlockStepRequest): OpenStep {
    if (this.#counters.stopped) {
      const finish = () => this.#report(request, null, null);
      return { outputs: this.passOn(request), gradientsForBefore: null, finish, abandon: () => undefined };
    }
    const measured = isMeasured(this.#meters, request);
    const found = gradientsOfBlock(request, {
      ...this.#pass(),
      noise: this.#noise,
      next: this.#nextPass(),
      keepFirstView: measured || this.#observer !== null,
      lossOperations: this.operations,
    });
    const { outputs, gradients, updatedBuffers, firstView } = found;
    const free = () => tf.dispose([{ ...gradients?.own }, { ...firstView }]);
    return {
      outputs,
      gradientsForBefore: gradients?.borrowed ?? null,
      finish: (gradientsFromNext) => {
        try {
          const health = this.#learn(request, found, gradientsFromNext, measured);
          return this.#report(request, found, health);
        } finally {
          free();
        }
      },
      abandon: () => {
        free();
        tf.dispose([...updatedBuffers.values()]);
      },
    };
  }

  /**
   * Hands on what it makes of its inputs as in training (batch statistics, noise), learning nothing: all that it keeps stays
   * as it is. The outputs, one a view, belong to the caller.
   */
  passOn(request: Pick<BlockStepRequest, "inputs" | "noiseKey">): readonly tf.Tensor[] {
    const pass = this.#pass();
    return request.inputs.map((input, view) =>
      tf.tidy(() => tf.clone(handOn(input, pass, this.#noise, fold(request.noiseKey, view)))),
    );
  }

  /** Frees all its tensors. */
  dispose(): void {
    tf.dispose(Object.values(this.#state).flatMap((map: TensorMap) => Object.values(map)));
  }

  #requireHere(): void {
    if (!this.#isAway) return;
    const { id } = this.definition;
    throw new MissingStateError(
      `Block "${id}" learns in another thread, and what it keeps is not here at this step. A callback says with readsNetwork at which steps it looks at the network.`,
      { missing: id },
    );
  }

  /** A pass that leaves the running statistics as they are. */
  #pass(): ForwardPass {
    const { parameters, buffers } = this.#state;
    const lender = this.definition.borrowedCount > 0 ? this.#before?.state : undefined;
    return {
      definition: this.definition,
      operations: synchronisedOperations(this.operations, this.#part),
      part: this.#part,
      state: {
        parameters: { ...lender?.parameters, ...parameters },
        buffers: { ...lender?.buffers, ...buffers },
        updatedBuffers: null,
      },
    };
  }

  /** The next block as it is now, for losses that look at it. */
  #nextPass(): ForwardPass | null {
    const { nextBlock = false } = this.definition.loss.capabilities;
    return nextBlock && this.#next !== null ? this.#next.#pass() : null;
  }

  /** Updates and measures, or skips; in either case what becomes of the updated buffers is settled here. */
  #learn(
    request: BlockStepRequest,
    { gradients, updatedBuffers, firstView }: BlockGradients,
    gradientsFromNext: TensorMap | null,
    measured: boolean,
  ): BlockHealthV1 | null {
    if (gradients === null) {
      tf.dispose([...updatedBuffers.values()]);
      this.#counters = countSkip(this.#counters, this.#skipLimit);
      return null;
    }
    const before = this.#state;
    const sums = sumOfGradients(gradients.own, gradientsFromNext);
    let after: Pick<BlockState, "parameters" | "optimizer">;
    try {
      after = updated(before, {
        optimizer: this.optimizer,
        operations: this.operations,
        specs: this.definition.parameters,
        gradients: sums,
        learningRate: request.learningRate,
        updateCount: this.#counters.updateCount,
      });
    } catch (error) {
      tf.dispose([{ ...sums }, ...updatedBuffers.values()]);
      throw error;
    }
    this.#state = { ...after, buffers: { ...before.buffers, ...Object.fromEntries(updatedBuffers) } };
    this.#counters = countUpdate(this.#counters);
    try {
      // Features of a step that was skipped are not shown: they may hold what is no number.
      if (firstView !== null && this.#observer !== null) this.#show(this.#observer, request, firstView);
      if (firstView === null || !measured) return null;
      const [old, now] = [before.parameters, after.parameters];
      return measureHealth({ embedding: firstView.embedding, gradients: sums, before: old, after: now });
    } finally {
      const replaced = [...updatedBuffers.keys()].map((name) => before.buffers[name] as tf.Tensor);
      tf.dispose([{ ...sums }, { ...before.parameters }, { ...before.optimizer }, ...replaced]);
    }
  }

  #show(observer: FeatureObserver, { labels }: BlockStepRequest, { map, feature }: LocalLossViewV1): void {
    const block = this.definition.id;
    tf.tidy(() => observer({ block, map, feature, labels }));
  }

  /** What the block did; without gradients, that it only passed its outputs on. */
  #report(
    { learningRate }: BlockStepRequest,
    found: BlockGradients | null,
    health: BlockHealthV1 | null,
  ): BlockStepV1 {
    return {
      block: this.definition.id,
      loss: found?.loss ?? Number.NaN,
      terms: found?.terms ?? {},
      embeddingDeviation: found?.embeddingDeviation ?? Number.NaN,
      learningRate,
      health,
      skipped: found === null || found.gradients === null,
    };
  }
}
