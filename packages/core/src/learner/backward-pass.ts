import { ShapeMismatchError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { sharedCopy } from "./shared-copy.js";

/** What TensorFlow.js puts down of operations as they run, in their order. */
export type Tape = ReturnType<typeof tf.engine>["state"]["activeTape"];

type TapeNode = Tape[number];

/**
 * The gradients of `value` with respect to each of `inputs` (borrowed), null where it does not depend on it. The caller's.
 *
 * Goes back over the tape as TensorFlow.js does, with the same sums in the same order, and frees things on the way: what a
 * node saved, and the gradients of its outputs, as soon as those of its inputs are there. Nodes are visited in reverse,
 * so that nobody asks for them again. TensorFlow.js keeps both for all nodes to the end, which is twice the activations.
 */
export function backwardPass(
  tape: Tape,
  value: tf.Scalar,
  inputs: readonly tf.Tensor[],
): readonly (tf.Tensor | null)[] {
  const dependent = idsOfDependent(tape, inputs);
  const gradients = new Map<number, tf.Tensor>();
  return tf.tidy(() => {
    if (dependent.has(value.id)) gradients.set(value.id, tf.ones(value.shape));
    for (const node of tape.toReversed()) {
      const ofOutputs = node.outputs.map(({ id }) => gradients.get(id) ?? null);
      if (ofOutputs.some((gradient) => gradient !== null)) {
        addGradients(gradients, gradientsOfInputs(node, ofOutputs, dependent));
      }
      tf.dispose([...(node.saved ?? []), ...ofOutputs.filter((gradient) => gradient !== null)]);
    }
    // The tidy's type asks for tensors only; null passes through it.
    return inputs.map(({ id }) => gradients.get(id) ?? null) as tf.Tensor[];
  });
}

/** The inputs and all that was computed from them. */
function idsOfDependent(tape: Tape, inputs: readonly tf.Tensor[]): ReadonlySet<number> {
  const dependent = new Set(inputs.map(({ id }) => id));
  for (const node of tape) {
    if (Object.values(node.inputs).some(({ id }) => dependent.has(id))) {
      for (const { id } of node.outputs) dependent.add(id);
    }
  }
  return dependent;
}

/**
 * New tensors, one for each input that depends on what is differentiated by: each is freed by itself, so what a gradient
 * hands through, gives twice or holds on to is copied.
 *
 * @throws ShapeMismatchError
 */
function gradientsOfInputs(
  { gradient, inputs, kernelName }: TapeNode,
  ofOutputs: readonly (tf.Tensor | null)[],
  dependent: ReadonlySet<number>,
): readonly Gradient[] {
  if (gradient === undefined) throw new Error(`${kernelName} has no gradient.`);
  const wanted = Object.entries(inputs).filter(([, { id }]) => dependent.has(id));
  const found = tf.tidy(() => {
    // A missing gradient of an output is filled in with zeros by the node.
    const byName = gradient([...ofOutputs] as tf.Tensor[]);
    const scope = tf.engine().state.activeScope.id;
    const taken = new Set<tf.Tensor>();
    return wanted.map(([name, input]) => {
      const tensor = byName[name]?.();
      if (tensor === undefined) throw new Error(`${kernelName} has no gradient for its input "${name}".`);
      requireLike(input, tensor, `The gradient of ${kernelName} for its input "${name}"`);
      if (tensor.scopeId !== scope || tensor.kept || taken.has(tensor)) return sharedCopy(tensor);
      taken.add(tensor);
      return tensor;
    });
  });
  return wanted.map(([, { id }], index) => ({ id, tensor: found[index] as tf.Tensor }));
}

interface Gradient {
  /** Of which tensor. */
  readonly id: number;
  readonly tensor: tf.Tensor;
}

function requireLike(input: tf.Tensor, gradient: tf.Tensor, subject: string): void {
  if (gradient.dtype !== "float32") throw new Error(`${subject} must be float32, but is ${gradient.dtype}.`);
  if (!tf.util.arraysEqual(gradient.shape, input.shape)) {
    throw new ShapeMismatchError({
      subject,
      expected: `[${input.shape.join(", ")}]`,
      received: gradient.shape,
    });
  }
}

/** Takes over gradients; those of a tensor that is used more than once are added up. */
function addGradients(sums: Map<number, tf.Tensor>, gradients: readonly Gradient[]): void {
  for (const { id, tensor } of gradients) {
    const sum = sums.get(id);
    if (sum === undefined) {
      sums.set(id, tensor);
    } else {
      sums.set(id, tf.add(sum, tensor));
      tf.dispose([sum, tensor]);
    }
  }
}
