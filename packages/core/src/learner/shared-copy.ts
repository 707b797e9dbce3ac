import * as tf from "@tensorflow/tfjs-core";

/**
 * Another tensor of the same values, which are not copied: they never change, and are freed with the last of the tensors
 * that share them. `tf.clone` without the operation, so that no tape sees it: to gradients it is a constant. The caller's,
 * as what an operation puts out is.
 */
export function sharedCopy<Kind extends tf.Tensor>(tensor: Kind): Kind {
  const engine = tf.engine();
  const copy = engine.makeTensorFromTensorInfo(tensor) as Kind;
  engine.backend.incRef(tensor.dataId);
  return copy;
}
