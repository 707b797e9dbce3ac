import type { BlockCost } from "@blockwise/core";
import type { OptimizerV1 } from "@blockwise/spec";

/** What a run holds, in bytes. */
export interface MemoryEstimate {
  /** Weights and what the optimiser keeps for them, of all blocks: held all the time. */
  readonly stateBytes: number;
  /** The most that is held while each block learns, state included. */
  readonly blockPeakBytes: readonly number[];
  readonly peakBytes: number;
}

/**
 * Estimates the memory of training block by block. While a block learns there are the state of all blocks, the images, the
 * block's input, and the more of
 *
 * - in its backward pass: its activations, two maps on their way back, and its weights' gradients;
 * - at its update: its gradients, its new weights and slots beside the old ones, and its output.
 *
 * Running statistics, the loss's own work and the allocator's gaps are left out: the real need is more, on the wasm engine
 * by a third or so.
 */
export function estimateMemory(costs: readonly BlockCost[], slotCount: number): MemoryEstimate {
  const weights = costs.reduce((sum, { parameters }) => sum + ownParameters(parameters), 0);
  const stateBytes = bytesPerValue * weights * (1 + slotCount);
  const imageBytes = costs[0]?.inputBytes ?? 0;
  const blockPeakBytes = costs.map(({ parameters, activationBytes, inputBytes, outputBytes }) => {
    const { backbone, head, projector, next } = activationBytes;
    const own = bytesPerValue * ownParameters(parameters);
    const gradients = own + bytesPerValue * parameters.borrowed;
    const backward = backbone + head + projector + next + 2 * Math.max(inputBytes, outputBytes);
    const update = own * (1 + slotCount) + outputBytes;
    return stateBytes + imageBytes + inputBytes + gradients + Math.max(backward, update);
  });
  return { stateBytes, blockPeakBytes, peakBytes: Math.max(...blockPeakBytes) };
}

/**
 * The largest batch, of at least 2 images, whose peak is within the limit; 0 where there is none. Peaks need not rise with
 * the batch all the way, since heads cut large ones: the search begins at the largest power of two that fits.
 */
export function largestBatchSize(peakBytes: (batchSize: number) => number, limitBytes: number): number {
  const fits = (batchSize: number): boolean => peakBytes(batchSize) <= limitBytes;
  const powers = Array.from({ length: 20 }, (_, exponent) => 2 ** (exponent + 1));
  let largest = powers.findLast(fits) ?? 0;
  for (let step = largest / 2; step >= 1; step /= 2) {
    if (fits(largest + step)) largest += step;
  }
  return largest;
}

/** How many numbers an optimiser keeps for each weight, by what it makes for a small one. */
export function countSlots(optimizer: OptimizerV1): number {
  const size = 16;
  const slots = optimizer.doInit([
    { name: "weight", shape: [4, 4], layout: "linear", initializer: { kind: "zeros" } },
  ]);
  const kept = Object.values(slots).reduce((sum, tensor) => sum + tensor.size, 0);
  for (const slot of Object.values(slots)) slot.dispose();
  return kept / size;
}

const bytesPerValue = 4;

function ownParameters({ backbone, head, projector, loss }: BlockCost["parameters"]): number {
  return backbone + head + projector + loss;
}
