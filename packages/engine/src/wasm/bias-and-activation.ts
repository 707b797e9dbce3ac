import * as tf from "@tensorflow/tfjs-core";

/** Adds the bias of a fused kernel to its product and applies its activation; `product` is consumed. */
export function applyBiasAndActivation(
  product: tf.TensorInfo,
  inputs: tf.NamedTensorInfoMap,
  attributes: tf.NamedAttrMap,
): tf.TensorInfo {
  return tf.tidy(() => {
    let result = tf.engine().makeTensorFromTensorInfo(product);
    if (inputs.bias !== undefined) result = tf.add(result, inputs.bias as tf.Tensor);
    return activate(
      result,
      attributes.activation as string | null | undefined,
      inputs.preluActivationWeights as tf.Tensor | undefined,
      attributes.leakyreluAlpha as number | undefined,
    );
  });
}

function activate(
  x: tf.Tensor,
  activation: string | null | undefined,
  preluWeights: tf.Tensor | undefined,
  leakyreluAlpha: number | undefined,
): tf.Tensor {
  switch (activation) {
    case undefined:
    case null:
    case "linear":
      return x;
    case "relu":
      return tf.relu(x);
    case "relu6":
      return tf.relu6(x);
    case "elu":
      return tf.elu(x);
    case "sigmoid":
      return tf.sigmoid(x);
    case "leakyrelu":
      return tf.leakyRelu(x, leakyreluAlpha);
    case "prelu":
      if (preluWeights !== undefined) return tf.prelu(x, preluWeights);
      break;
  }
  throw new Error(`The wasm engine does not know the fused activation "${activation}".`);
}
