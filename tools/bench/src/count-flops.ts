import type { EngineV1, OperationsV1 } from "@blockwise/spec";

/** Counts the multiplications and additions of convolutions while they run. */
export interface FlopCounter {
  /** The engine, with operations that count. */
  readonly engine: EngineV1;
  /** Counted since `reset`: forward passes only, two for each multiply and add. */
  readonly forward: () => number;
  readonly reset: () => void;
}

/** Wraps an engine so that the convolutions of forward passes are counted. */
export function countConvolutions(engine: EngineV1): FlopCounter {
  let flops = 0;
  const operations: OperationsV1 = {
    ...engine.operations,
    conv2d: (x, filter, options) => {
      const output = engine.operations.conv2d(x, filter, options);
      const [kernelHeight, kernelWidth, inChannels] = filter.shape;
      flops += 2 * output.size * kernelHeight * kernelWidth * inChannels;
      return output;
    },
  };
  return {
    engine: { ...engine, operations },
    forward: () => flops,
    reset: () => {
      flops = 0;
    },
  };
}
