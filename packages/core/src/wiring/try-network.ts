import {
  InvalidOptionError,
  type LocalLossViewV1,
  ShapeMismatchError,
  type TensorMap,
} from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { gradientsOf } from "../learner/gradients-of.js";
import { type ContextState, layerContext } from "../learner/layer-context.js";
import type { BlockDefinition, NamedLayer } from "./block-definition.js";
import type { Network } from "./network.js";

/**
 * Runs a few made-up images through every block once, before step 0: what layers put out has to have the shape that
 * they declare, and the gradient of a block's loss has to end at the parameters that the block keeps or borrows. A plugin
 * that says one thing and does another, or holds on to a tensor of another block, is found here and not by its results.
 * Weights and running statistics stay as they are.
 *
 * @throws ShapeMismatchError, InvalidOptionError
 */
export function tryNetwork(network: Network): void {
  const { learners, options, engine } = network;
  const blocks = learners.map(({ definition }) => definition);
  const count = Math.min(
    options.batchSize,
    Math.max(2, ...blocks.map(({ loss }) => loss.capabilities.minimumBatchSize)),
  );
  const { parameters, buffers } = network.tensors();
  const mode = { training: true, operations: engine.operations };
  tf.tidy(() => {
    // Copies, which are constants: gradients are taken of the parameters themselves.
    const copies = Object.entries(parameters).map(([name, tensor]) => [name, tf.clone(tensor)]);
    const constants = { parameters: Object.fromEntries(copies), buffers, updatedBuffers: null };
    const state = { parameters, buffers, updatedBuffers: null };
    let inputs = Array.from(
      { length: blocks[0]?.loss.capabilities.views ?? 0 },
      (_, view) => tf.randomNormal([count, ...options.imageShape], 0, 1, "float32", view) as tf.Tensor,
    );
    const labels = options.classCount === null ? null : tf.zeros<tf.Rank.R1>([count], "int32");
    for (const [index, definition] of blocks.entries()) {
      const handedOn = inputs.map((input) => handOn(input, definition, constants, mode));
      requireIsolation(definition, parameters, () => {
        const views = inputs.map((input) => viewOf(input, definition, state, mode));
        const next = definition.loss.capabilities.nextBlock ? blocks[index + 1] : undefined;
        const { total } = definition.loss.doCompute({
          views,
          next:
            next === undefined
              ? null
              : inputs.map((input) => viewOf(handOn(input, definition, state, mode), next, constants, mode)),
          labels,
          site: { ...definition.site, batchSize: count },
          step: 0,
          stepCount: 1,
          context: layerContext(definition.lossPrefix, state, mode),
        });
        return total;
      });
      inputs = handedOn;
    }
  });
}

type Mode = Parameters<typeof layerContext>[2];

/** What a block hands on of one view: its map before the units that it lends. */
function handOn(input: tf.Tensor, definition: BlockDefinition, state: ContextState, mode: Mode): tf.Tensor {
  return runUnits(input, definition, definition.units.length - definition.lentCount, state, mode);
}

function viewOf(
  input: tf.Tensor,
  definition: BlockDefinition,
  state: ContextState,
  mode: Mode,
): LocalLossViewV1 {
  const { id, units, head, projector } = definition;
  const map = runUnits(input, definition, units.length, state, mode);
  const feature = runLayer(`Head of block "${id}"`, head, map, state, mode) as tf.Tensor2D;
  const embedding = runLayer(`Projector of block "${id}"`, projector, feature, state, mode) as tf.Tensor2D;
  return { map, feature, embedding };
}

function runUnits(
  input: tf.Tensor,
  { units }: BlockDefinition,
  end: number,
  state: ContextState,
  mode: Mode,
): tf.Tensor {
  return units
    .slice(0, end)
    .reduce(
      (value, { id, parameterPrefix, layer }) =>
        runLayer(`Output of unit "${id}"`, { prefix: parameterPrefix, layer }, value, state, mode),
      input,
    );
}

function runLayer(
  subject: string,
  { prefix, layer }: NamedLayer,
  input: tf.Tensor,
  state: ContextState,
  mode: Mode,
): tf.Tensor {
  const [batch = 0, ...inputShape] = input.shape;
  const output = layer.apply(input, layerContext(prefix, state, mode));
  const declared = [batch, ...layer.outputShape(inputShape)];
  if (output.shape.join() === declared.join()) return output;
  throw new ShapeMismatchError({
    subject,
    expected: `[${declared.join(", ")}], as its outputShape declares`,
    received: output.shape,
    hint: "Make outputShape and apply of the layer agree.",
  });
}

/** @throws InvalidOptionError where the loss depends on a parameter of another block. */
function requireIsolation(definition: BlockDefinition, parameters: TensorMap, loss: () => tf.Scalar): void {
  const names = Object.keys(parameters);
  const { value, gradients } = gradientsOf(
    loss,
    names.map((name) => parameters[name] as tf.Tensor),
  );
  tf.dispose([value, ...gradients.flatMap((gradient) => gradient ?? [])]);
  const own = new Set([...definition.parameters, ...definition.borrowedParameters].map(({ name }) => name));
  const foreign = names.find((name, index) => gradients[index] !== null && !own.has(name));
  if (foreign === undefined) return;
  throw new InvalidOptionError({
    option: "partition",
    expected: `one whose blocks learn by themselves: the loss of block "${definition.id}" (${definition.loss.id}) must not reach a parameter of another block`,
    received: foreign,
    hint: "A unit, head, projector or loss of it holds on to that tensor; parameters are to be asked for through the context.",
  });
}
