import { fold, type RandomKey } from "@blockwise/random";
import type { BlockStepV1, LocalLossViewV1, OperationsV1, OptimizerV1, TensorMap } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import type { BlockDefinition } from "../wiring/block-definition.js";
import { gradientsOf } from "./gradients-of.js";
import { initialTensor } from "./initialize.js";
import { type ContextState, layerContext } from "./layer-context.js";
import { addNoise, type NoiseOptions } from "./noise.js";

/** What a learner is made from. */
export interface BlockLearnerOptions {
  readonly definition: BlockDefinition;
  readonly operations: OperationsV1;
  readonly optimizer: OptimizerV1;
  /** Keys the parameters' start, by name. */
  readonly key: RandomKey;
  readonly noise: NoiseOptions | null;
  /** After this many skipped steps in a row the block stops learning. */
  readonly skipLimit: number;
}

/** What a learner is given in one step. All tensors are borrowed. */
export interface BlockStepRequest {
  /** One tensor a view: the images, or the outputs of the block before. */
  readonly inputs: readonly tf.Tensor[];
  readonly labels: tf.Tensor1D | null;
  readonly step: number;
  readonly stepCount: number;
  readonly learningRate: number;
  /** Keys the noise of this step. */
  readonly noiseKey: RandomKey;
}

/** How a learner has fared; saved with its tensors. */
export interface BlockCounters {
  readonly updateCount: number;
  readonly skippedSteps: number;
  readonly skippedInARow: number;
  /** True once it has skipped too many steps in a row: it keeps its weights and only passes its outputs on. */
  readonly stopped: boolean;
}

/** All that a learner keeps between steps, by full name. Borrowed from the learner. */
export interface BlockState {
  readonly parameters: TensorMap;
  readonly buffers: TensorMap;
  /** Optimiser slots, `"<slot>.<parameter>"`. */
  readonly optimizer: TensorMap;
}

interface Gradients {
  readonly loss: number;
  readonly terms: Readonly<Record<string, number>>;
  readonly embeddingDeviation: number;
  /** Null where the loss, a gradient or a running statistic is not finite. */
  readonly byName: TensorMap | null;
}

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
  #state: BlockState;
  #counters: BlockCounters = { updateCount: 0, skippedSteps: 0, skippedInARow: 0, stopped: false };

  constructor({ definition, operations, optimizer, key, noise, skipLimit }: BlockLearnerOptions) {
    this.definition = definition;
    this.optimizer = optimizer;
    this.#operations = operations;
    this.#noise = noise;
    this.#skipLimit = skipLimit;
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

  /** Learns from one batch. The outputs, one a view, belong to the caller. */
  step(request: BlockStepRequest): { readonly outputs: readonly tf.Tensor[]; readonly report: BlockStepV1 } {
    if (this.#counters.stopped) return this.#passOn(request);
    const outputs: tf.Tensor[] = [];
    const updatedBuffers = new Map<string, tf.Tensor>();
    let gradients: Gradients;
    try {
      gradients = this.#differentiate(request, outputs, updatedBuffers);
    } catch (error) {
      tf.dispose([...outputs, ...updatedBuffers.values()]);
      throw error;
    }
    if (gradients.byName === null) this.#skip(updatedBuffers);
    else this.#update(gradients.byName, updatedBuffers, request.learningRate);
    const { loss, terms, embeddingDeviation, byName } = gradients;
    const report = {
      block: this.definition.id,
      loss,
      terms,
      embeddingDeviation,
      learningRate: request.learningRate,
      health: null,
      skipped: byName === null,
    };
    return { outputs, report };
  }

  dispose(): void {
    tf.dispose(Object.values(this.#state).flatMap((map: TensorMap) => Object.values(map)));
  }

  /** Fills `outputs` and `updatedBuffers` with kept tensors as it goes, so that a failure half way leaks none. */
  #differentiate(
    request: BlockStepRequest,
    outputs: tf.Tensor[],
    updatedBuffers: Map<string, tf.Tensor>,
  ): Gradients {
    const { parameters, buffers } = this.#state;
    const names = this.definition.parameters.map(({ name }) => name);
    const state = { parameters, buffers, updatedBuffers };
    const readings: Record<string, tf.Tensor> = {};
    let embeddingDeviation: tf.Tensor | undefined;
    try {
      const { value, gradients } = gradientsOf(
        () => {
          const views = request.inputs.map((input, view) => {
            const seen = this.#forward(input, state, fold(request.noiseKey, view));
            outputs.push(tf.keep(tf.clone(seen.map)));
            return seen;
          });
          const { total, terms } = this.definition.loss.doCompute({
            views,
            next: null,
            labels: request.labels,
            site: this.definition.site,
            step: request.step,
            stepCount: request.stepCount,
            context: layerContext(this.definition.lossPrefix, state, {
              training: true,
              operations: this.#operations,
            }),
          });
          for (const [term, scalar] of Object.entries(terms)) readings[term] = tf.keep(tf.clone(scalar));
          embeddingDeviation = tf.keep(deviationOfDirections(views[0]?.embedding));
          return total;
        },
        names.map((name) => parameters[name] as tf.Tensor),
      );
      const loss = scalarOf(value);
      const finite = Number.isFinite(loss) && allFinite(gradients, updatedBuffers);
      if (!finite) tf.dispose(gradients as tf.Tensor[]);
      value.dispose();
      return {
        loss,
        terms: Object.fromEntries(Object.entries(readings).map(([term, scalar]) => [term, scalarOf(scalar)])),
        embeddingDeviation: scalarOf(embeddingDeviation),
        byName: finite ? gradientsByName(names, parameters, gradients) : null,
      };
    } finally {
      tf.dispose([readings, embeddingDeviation ?? []]);
    }
  }

  #forward(input: tf.Tensor, state: ContextState, noiseKey: RandomKey): LocalLossViewV1 {
    const { units, head, projector } = this.definition;
    const mode = { training: true, operations: this.#operations };
    let map = units.reduce(
      (value, { parameterPrefix, layer }) => layer.apply(value, layerContext(parameterPrefix, state, mode)),
      input,
    );
    if (this.#noise !== null) map = addNoise(map, this.#noise, noiseKey);
    const feature = head.layer.apply(map, layerContext(head.prefix, state, mode)) as tf.Tensor2D;
    const embedding = projector.layer.apply(
      feature,
      layerContext(projector.prefix, state, mode),
    ) as tf.Tensor2D;
    return { map, feature, embedding };
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

  #passOn({ inputs, noiseKey, learningRate }: BlockStepRequest): ReturnType<BlockLearner["step"]> {
    const state = { ...this.#state, updatedBuffers: null };
    const outputs = inputs.map((input, view) =>
      tf.tidy(() => tf.clone(this.#forward(input, state, fold(noiseKey, view)).map)),
    );
    const report = {
      block: this.definition.id,
      loss: Number.NaN,
      terms: {},
      embeddingDeviation: Number.NaN,
      learningRate,
      health: null,
      skipped: true,
    };
    return { outputs, report };
  }
}

/** Parameters that the loss does not depend on get a zero gradient, so that decay and momentum treat all alike. */
function gradientsByName(
  names: readonly string[],
  parameters: TensorMap,
  gradients: readonly (tf.Tensor | null)[],
): TensorMap {
  return Object.fromEntries(
    names.map((name, index) => [name, gradients[index] ?? tf.zerosLike(parameters[name] as tf.Tensor)]),
  );
}

/** Whether an update with these would leave every weight and every running statistic a number. */
function allFinite(
  gradients: readonly (tf.Tensor | null)[],
  updatedBuffers: ReadonlyMap<string, tf.Tensor>,
): boolean {
  const sum = tf.tidy(() =>
    tf.addN([
      tf.scalar(0),
      ...gradients.flatMap((gradient) => (gradient === null ? [] : [tf.sum(tf.square(gradient))])),
      ...[...updatedBuffers.values()].map((buffer) => tf.sum(buffer)),
    ]),
  );
  const value = scalarOf(sum);
  sum.dispose();
  return Number.isFinite(value);
}

/** Mean over dimensions of the standard deviation of the l2-normalised rows; `1 / sqrt(dim)` when spread evenly. */
function deviationOfDirections(embedding: tf.Tensor | undefined): tf.Tensor {
  return tf.tidy(() => {
    if (embedding === undefined) return tf.scalar(Number.NaN);
    const norm = tf.sqrt(tf.sum(tf.square(embedding), 1, true));
    const directions = tf.div(embedding, tf.maximum(norm, 1e-12));
    return tf.mean(tf.sqrt(tf.moments(directions, 0).variance));
  });
}

function scalarOf(tensor: tf.Tensor | undefined): number {
  return tensor?.dataSync()[0] ?? Number.NaN;
}
