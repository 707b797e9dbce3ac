/** What was alive before and after. */
export interface TensorLeak {
  /** How many more tensors were alive after the last run than before the first. */
  readonly tensors: number;
  /** How many more buffers were held. */
  readonly buffers: number;
}

/** Runs `action` three times and counts the tensors that it left alive. Promises are awaited, results not disposed. */
export async function measureLeak(action: () => unknown): Promise<TensorLeak> {
  // Loaded on use, so that the matchers cost nothing in tests without tensors.
  const { memory } = await import("@tensorflow/tfjs-core");
  const before = memory();
  for (let run = 0; run < 3; run++) await action();
  const after = memory();
  return {
    tensors: after.numTensors - before.numTensors,
    buffers: after.numDataBuffers - before.numDataBuffers,
  };
}
