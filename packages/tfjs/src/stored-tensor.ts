/** A tensor in PyTorch's axis order. */
export interface GraphTensor {
  /** Sizes of the axes, in PyTorch's order. */
  readonly shape: readonly number[];
  /** Row by row. */
  readonly data: Float32Array;
}

/**
 * A filter `[out, in, height, width]` as TensorFlow has it, `[height, width, in, out]`, or a linear map `[out, in]` as
 * `[in, out]`; each output times its factor. The result is the caller's.
 */
export function outputLast({ shape, data }: GraphTensor, factors: Float32Array | null): GraphTensor {
  const [outputs = 0, ...rest] = shape;
  const [inputs = 0, ...window] = rest;
  const area = window.reduce((product, size) => product * size, 1);
  const moved = new Float32Array(data.length);
  let from = 0;
  for (let output = 0; output < outputs; output++) {
    const factor = factors?.[output] ?? 1;
    for (let input = 0; input < inputs; input++) {
      for (let place = 0; place < area; place++) {
        moved[(place * inputs + input) * outputs + output] = (data[from] ?? 0) * factor;
        from += 1;
      }
    }
  }
  return { shape: [...window, inputs, outputs], data: moved };
}
