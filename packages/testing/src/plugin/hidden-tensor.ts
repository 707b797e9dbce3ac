import * as tf from "@tensorflow/tfjs-core";
import { ensure } from "../ensure.js";

/**
 * Throws where a function reads a tensor that is older than the call and was not given to it, or makes variables of its
 * own: both are state that no checkpoint would hold.
 *
 * @param inputs What `f` is differentiated by; borrowed.
 * @param others What else it may read; borrowed.
 */
export function ensureNoHiddenState(
  f: () => tf.Tensor,
  inputs: readonly tf.Tensor[],
  others: readonly tf.Tensor[],
): void {
  tf.tidy(() => {
    const engine = tf.engine();
    const given = [...inputs, ...others].map(({ id }) => id);
    const variables = Object.keys(engine.registeredVariables).join();
    const firstId = tf.tidy(() => tf.scalar(0).id);
    let hidden: tf.Tensor | undefined;
    const watched = (): tf.Scalar => {
      const value = f();
      const read = (engine.state.activeTape ?? []).flatMap((node) => Object.values(node.inputs));
      hidden = read.find(({ id }) => id < firstId && !given.includes(id));
      return tf.sum(value);
    };
    engine.gradients(watched, [...inputs], undefined, true);
    ensure(hidden === undefined, `it reads a tensor of shape [${hidden?.shape}] that it was not given`);
    ensure(
      Object.keys(engine.registeredVariables).join() === variables,
      "it makes variables of its own; state belongs into what it asks for",
    );
  });
}
