import * as tf from "@tensorflow/tfjs-core";

/**
 * Makes the tape of the gradients that are being computed (of the outermost `tf.grads`, once its function has run) let go
 * of things as the backward pass goes on: what a node saved, and the gradients of its outputs, are freed when the node
 * before it is at work. TensorFlow.js by itself keeps both for all nodes to the end, which is twice the activations.
 *
 * Gradients are the same: nodes are visited in reverse, so that nobody asks for these again.
 */
export function freeTapeOnTheWay(): void {
  const { activeTape, gradientDepth } = tf.engine().state;
  // An outer tape would still need what an inner one has done with.
  if (gradientDepth !== 1) return;
  let freeLast = (): void => {};
  for (const node of activeTape ?? []) {
    const { gradient, saved = [] } = node;
    if (gradient === undefined || gradient === null) continue;
    node.gradient = (gradientsOfOutputs) => {
      freeLast();
      freeLast = () => {
        tf.dispose([...saved, ...gradientsOfOutputs.filter((tensor) => tensor !== null)]);
      };
      return withOwnTensors(() => gradient(gradientsOfOutputs));
    };
  }
}

type GradientsByInput = Record<string, () => tf.Tensor>;

/** Clones gradients that were there before, or that two inputs share: each is freed by itself. */
function withOwnTensors(compute: () => GradientsByInput): GradientsByInput {
  const marker = tf.scalar(0);
  marker.dispose();
  const taken = new Set<tf.Tensor>();
  const entries = Object.entries(compute()).map(([input, gradient]) => {
    const own = (): tf.Tensor => {
      const tensor = gradient();
      if (tensor.id < marker.id || taken.has(tensor)) return tf.clone(tensor);
      taken.add(tensor);
      return tensor;
    };
    return [input, own] as const;
  });
  return Object.fromEntries(entries);
}
