import {
  MissingStateError,
  type OptimizerResultV1,
  type OptimizerUpdateV1,
  type ParameterSpecV1,
  ShapeMismatchError,
  type TensorMap,
} from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/** What a rule sees of one parameter. All tensors are borrowed. */
export interface RuleInput {
  readonly spec: ParameterSpecV1;
  readonly parameter: tf.Tensor;
  readonly gradient: tf.Tensor;
  /** The parameter's slot of that name. */
  slot(name: string): tf.Tensor;
}

/** What a rule makes of one parameter: new tensors only. */
export interface RuleOutput {
  readonly parameter: tf.Tensor;
  /** The new slots by name. */
  readonly slots: TensorMap;
}

/** Zeros for every slot of every parameter, named `"<slot>.<parameter>"`; the caller's. */
export function zeroSlots(specs: readonly ParameterSpecV1[], slotNames: readonly string[]): TensorMap {
  return tf.tidy(() => {
    const state: Record<string, tf.Tensor> = {};
    for (const spec of specs) {
      for (const slotName of slotNames) state[`${slotName}.${spec.name}`] = tf.zeros([...spec.shape]);
    }
    return state;
  });
}

/**
 * Applies a rule to each parameter in turn.
 *
 * Each parameter has a scope of its own, so that what is in flight is never more than one parameter's
 * intermediates; the outer scope frees everything where a rule throws half-way.
 *
 * @param prepare runs once before the first parameter and returns the rule: the place for the scalars that all
 *   parameters share, which are uploaded once rather than once a parameter
 * @returns new tensors, the caller's
 * @throws MissingStateError where a parameter, gradient or slot is not there
 * @throws ShapeMismatchError where one has another shape than its spec (TensorFlow.js would broadcast it)
 */
export function applyRule(
  update: OptimizerUpdateV1,
  prepare: () => (input: RuleInput) => RuleOutput,
): OptimizerResultV1 {
  return tf.tidy(() => {
    const parameters: Record<string, tf.Tensor> = {};
    const state: Record<string, tf.Tensor> = {};
    const rule = prepare();
    for (const spec of update.specs) {
      const output = tf.tidy(() => ({
        ...rule({
          spec,
          parameter: lookUp(update.parameters, spec.name, "parameter", spec),
          gradient: lookUp(update.gradients, spec.name, "gradient of", spec),
          slot: (name) => lookUp(update.state, `${name}.${spec.name}`, "optimiser slot", spec),
        }),
      }));
      parameters[spec.name] = output.parameter;
      for (const [name, tensor] of Object.entries(output.slots)) state[`${name}.${spec.name}`] = tensor;
    }
    return { parameters, state };
  });
}

function lookUp(tensors: TensorMap, name: string, role: string, spec: ParameterSpecV1): tf.Tensor {
  const tensor = tensors[name];
  if (tensor === undefined) {
    throw new MissingStateError(
      `Expected the ${role} "${name}", but it is not there. Pass every parameter and gradient ` +
        "under its spec's name, and the state that doInit or the last update returned.",
      { missing: name },
    );
  }
  if (tensor.rank !== spec.shape.length || spec.shape.some((size, axis) => tensor.shape[axis] !== size)) {
    throw new ShapeMismatchError({
      subject: `The ${role} "${name}"`,
      expected: `[${spec.shape.join(", ")}]`,
      received: tensor.shape,
    });
  }
  return tensor;
}
