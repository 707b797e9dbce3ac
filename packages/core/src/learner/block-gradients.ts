import { fold, type RandomKey } from "@blockwise/random";
import type { TensorMap } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { deviationOfDirections } from "./embedding-deviation.js";
import { type ForwardPass, forwardUnits, handOn, viewOfMap } from "./forward-pass.js";
import { gradientsOf } from "./gradients-of.js";
import { layerContext } from "./layer-context.js";
import type { NoiseOptions } from "./noise.js";

/** The batch that a block's loss is taken on. All tensors are borrowed. */
export interface GradientRequest {
  /** One tensor a view: the images, or the outputs of the block before. */
  readonly inputs: readonly tf.Tensor[];
  readonly labels: tf.Tensor1D | null;
  readonly step: number;
  readonly stepCount: number;
  /** Keys the noise of this step. */
  readonly noiseKey: RandomKey;
}

/** What one batch tells a block. All tensors belong to the caller. */
export interface BlockGradients {
  /** One a view. */
  readonly outputs: readonly tf.Tensor[];
  readonly updatedBuffers: ReadonlyMap<string, tf.Tensor>;
  readonly loss: number;
  readonly terms: Readonly<Record<string, number>>;
  readonly embeddingDeviation: number;
  /** The head's output for the first view, as a constant; null unless it is asked for. */
  readonly feature: tf.Tensor2D | null;
  /** Null where the loss, a gradient or a running statistic is not finite. */
  readonly byName: TensorMap | null;
}

/**
 * Takes the loss of a block and its gradient with respect to the block's own parameters.
 *
 * @param block Its `state` is read; updated buffers come with the result.
 * @param block.next The next block, for a loss that looks at what it makes of this block's output: it has no noise there, and
 * its weights and running statistics stay as they are.
 * @param block.keepFeature Whether the head's output for the first view is wanted.
 */
export function gradientsOfBlock(
  request: GradientRequest,
  {
    noise,
    next,
    keepFeature,
    ...block
  }: ForwardPass & {
    readonly noise: NoiseOptions | null;
    readonly next: ForwardPass | null;
    readonly keepFeature: boolean;
  },
): BlockGradients {
  const { definition, operations } = block;
  const { parameters } = block.state;
  const names = definition.parameters.map(({ name }) => name);
  const updatedBuffers = new Map<string, tf.Tensor>();
  const pass = { ...block, state: { ...block.state, updatedBuffers } };
  const outputs: tf.Tensor[] = [];
  const readings: Record<string, tf.Tensor> = {};
  let embeddingDeviation: tf.Tensor | undefined;
  let feature: tf.Tensor2D | null = null;
  try {
    const { value, gradients } = gradientsOf(
      () => {
        const views = request.inputs.map((input, view) => {
          const map = handOn(input, pass, noise, fold(request.noiseKey, view));
          outputs.push(tf.keep(tf.clone(map)));
          return viewOfMap(map, pass);
        });
        const { total, terms } = definition.loss.doCompute({
          views,
          next: next && views.map(({ map }) => viewOfMap(forwardUnits(map, next), next)),
          labels: request.labels,
          site: definition.site,
          step: request.step,
          stepCount: request.stepCount,
          context: layerContext(definition.lossPrefix, pass.state, { training: true, operations }),
        });
        for (const [term, scalar] of Object.entries(terms)) readings[term] = tf.keep(tf.clone(scalar));
        if (keepFeature && views[0] !== undefined) feature = tf.keep(tf.clone(views[0].feature));
        embeddingDeviation = tf.keep(deviationOfDirections(views[0]?.embedding));
        return total;
      },
      names.map((name) => parameters[name] as tf.Tensor),
    );
    const loss = scalarOf(value);
    value.dispose();
    const finite = Number.isFinite(loss) && allFinite(gradients, updatedBuffers);
    if (!finite) tf.dispose(gradients as tf.Tensor[]);
    return {
      outputs,
      updatedBuffers,
      loss,
      terms: Object.fromEntries(Object.entries(readings).map(([term, scalar]) => [term, scalarOf(scalar)])),
      embeddingDeviation: scalarOf(embeddingDeviation),
      feature,
      byName: finite ? gradientsByName(names, parameters, gradients) : null,
    };
  } catch (error) {
    tf.dispose([...outputs, ...updatedBuffers.values(), ...(feature === null ? [] : [feature])]);
    throw error;
  } finally {
    tf.dispose([readings, embeddingDeviation ?? []]);
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

function scalarOf(tensor: tf.Tensor | undefined): number {
  return tensor?.dataSync()[0] ?? Number.NaN;
}
