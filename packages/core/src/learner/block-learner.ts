import { fold, type RandomKey } from "@blockwise/random";
import type { BlockFeaturesV1, BlockStepV1, OperationsV1, OptimizerV1, TensorMap } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import type { BlockDefinition } from "../wiring/block-definition.js";
import { type BlockGradients, type GradientRequest, gradientsOfBlock } from "./block-gradients.js";
import type { BlockCounters, BlockState } from "./block-state.js";
import { type ForwardPass, handOn } from "./forward-pass.js";
import { initialTensor } from "./initialize.js";
import type { NoiseOptions } from "./noise.js";

/** What a learner is made from. */
export interface BlockLearnerOptions {
  readonly definition: BlockDefinition;
  /** The learner of the block before, whose loss may look at this block; null for the first. */
  readonly before: BlockLearner | null;
  readonly operations: OperationsV1;
  readonly optimizer: OptimizerV1;
  /** Keys the parameters' start, by name. */
  readonly key: RandomKey;
  readonly noise: NoiseOptions | null;
  /** After this many skipped steps in a row the block stops learning. */
  readonly skipLimit: number;
}

/** What a learner is given in one step. All tensors are borrowed. */
export interface BlockStepRequest extends GradientRequest {
  readonly learningRate: number;
}

/** Is shown what a block makes of the first view of a batch. The tensors are borrowed; those that it makes are freed. */
export type FeatureObserver = (features: BlockFeaturesV1) => void;

/**
 * A block that learns by itself: units, head, projector, loss and optimiser state. It takes the outputs of the block
 * before as constants, so that no gradient can leave it, and hands on its own.
 */
export class BlockLearner {
  readonly definition: BlockDefinition;
  readonly optimizer: OptimizerV1;
  readonly #operations: OperationsV1;
  readonly #noise: NoiseOptions | null;
  readonly #skipLimit: number;
  #next: BlockLearner | null = null;
  #observer: FeatureObserver | null = null;
  #state: BlockState;
  #counters: BlockCounters = { updateCount: 0, skippedSteps: 0, skippedInARow: 0, stopped: false };

  constructor({ definition, before, operations, optimizer, key, noise, skipLimit }: BlockLearnerOptions) {
    this.definition = definition;
    this.optimizer = optimizer;
    this.#operations = operations;
    this.#noise = noise;
    this.#skipLimit = skipLimit;
    if (before !== null) before.#next = this;
    const start = (specs: readonly Parameters<typeof initialTensor>[1][]): TensorMap =>
      Object.fromEntries(specs.map((spec) => [spec.name, initialTensor(key, spec)]));
    this.#state = {
      parameters: start(definition.parameters),
      buffers: start(definition.buffers),
      optimizer: optimizer.doInit(definition.parameters),
    };
  }

  get state(): BlockState {
    return this.#state;
  }

  get counters(): BlockCounters {
    return this.#counters;
  }

  /** Takes over a state and disposes of the old one. The tensors' names and shapes are the caller's to check. */
  restore(state: BlockState, counters: BlockCounters): void {
    this.dispose();
    this.#state = state;
    this.#counters = counters;
  }

  /** Shows an observer what the block makes of each batch that it learns from. What it learns stays the same, bit for bit. */
  observe(observer: FeatureObserver | null): void {
    this.#observer = observer;
  }

  /** Learns from one batch. The outputs, one a view, belong to the caller. */
  step(request: BlockStepRequest): { readonly outputs: readonly tf.Tensor[]; readonly report: BlockStepV1 } {
    if (this.#counters.stopped) return { outputs: this.passOn(request), report: this.#report(request, null) };
    const found = gradientsOfBlock(request, {
      ...this.#pass(),
      noise: this.#noise,
      next: this.#nextPass(),
      keepFeature: this.#observer !== null,
    });
    if (found.byName === null) this.#skip(found.updatedBuffers);
    else this.#update(found.byName, found.updatedBuffers, request.learningRate);
    this.#show(request, found);
    return { outputs: found.outputs, report: this.#report(request, found) };
  }

  dispose(): void {
    tf.dispose(Object.values(this.#state).flatMap((map: TensorMap) => Object.values(map)));
  }

  /** A pass that leaves the running statistics as they are. */
  #pass(): ForwardPass {
    return {
      definition: this.definition,
      operations: this.#operations,
      state: { ...this.#state, updatedBuffers: null },
    };
  }

  /** The next block as it is now, for losses that look at it. */
  #nextPass(): ForwardPass | null {
    const { nextBlock = false } = this.definition.loss.capabilities;
    return nextBlock && this.#next !== null ? this.#next.#pass() : null;
  }

  /** Features of a step that was skipped are not shown: they may hold what is no number. */
  #show({ labels }: BlockStepRequest, { feature, outputs, byName }: BlockGradients): void {
    const [map] = outputs;
    if (feature === null || map === undefined) return;
    const block = this.definition.id;
    try {
      if (byName !== null) tf.tidy(() => this.#observer?.({ block, map, feature, labels }));
    } catch (error) {
      tf.dispose([...outputs]);
      throw error;
    } finally {
      feature.dispose();
    }
  }

  #update(gradients: TensorMap, updatedBuffers: ReadonlyMap<string, tf.Tensor>, learningRate: number): void {
    const { parameters, buffers, optimizer } = this.#state;
    const next = tf.tidy(
      () =>
        this.optimizer.doUpdate({
          specs: this.definition.parameters,
          parameters,
          gradients,
          state: optimizer,
          learningRate,
          updateCount: this.#counters.updateCount,
        }) as unknown as Record<"parameters" | "state", Record<string, tf.Tensor>>,
    );
    tf.dispose([gradients, parameters, optimizer] as unknown as tf.TensorContainer);
    for (const name of updatedBuffers.keys()) buffers[name]?.dispose();
    this.#state = {
      parameters: next.parameters,
      optimizer: next.state,
      buffers: { ...buffers, ...Object.fromEntries(updatedBuffers) },
    };
    this.#counters = { ...this.#counters, updateCount: this.#counters.updateCount + 1, skippedInARow: 0 };
  }

  #skip(updatedBuffers: ReadonlyMap<string, tf.Tensor>): void {
    tf.dispose([...updatedBuffers.values()]);
    const skippedInARow = this.#counters.skippedInARow + 1;
    this.#counters = {
      ...this.#counters,
      skippedSteps: this.#counters.skippedSteps + 1,
      skippedInARow,
      stopped: skippedInARow >= this.#skipLimit,
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

  /** What the block did; without gradients, that it only passed its outputs on. */
  #report({ learningRate }: BlockStepRequest, found: BlockGradients | null): BlockStepV1 {
    return {
      block: this.definition.id,
      loss: found?.loss ?? Number.NaN,
      terms: found?.terms ?? {},
      embeddingDeviation: found?.embeddingDeviation ?? Number.NaN,
      learningRate,
      health: null,
      skipped: found === null || found.byName === null,
    };
  }
}
