import { type BlockCost, describeCosts, type Network, stepNetwork } from "@blockwise/core";
import type { EngineV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { buildModel, randomViews, type Workload } from "./models.js";

/** What `npm run bench -- --memory --json` prints. */
export interface MemoryResult extends Workload {
  readonly engine: string;
  /** TensorFlow.js's count of the most bytes of tensors in one training step; what tensors share counts for each. */
  readonly peakTensorBytes: number;
  /** The most memory that the whole process ever held, in bytes. */
  readonly peakMemoryBytes: number;
  /** What is held between steps: parameters, running statistics, optimiser state and the two views. */
  readonly restingTensorBytes: number;
  readonly blocks: readonly BlockMemory[];
}

/** What one block needs while it learns. */
export interface BlockMemory {
  readonly id: string;
  /** The same while the block was at work, the tensors of all other blocks included. */
  readonly peakTensorBytes: number;
  /** Measured: parameters, running statistics and optimiser state. */
  readonly stateBytes: number;
  /** Counted: what is held between forward and backward pass, of both views. */
  readonly activationBytes: BlockCost["activationBytes"];
}

/** Measures one training step, whose memory is that of all; the process should do nothing else before. */
export async function measureMemory(workload: Workload, engine: EngineV1): Promise<MemoryResult> {
  const network = buildModel(workload, engine);
  const views = randomViews(workload);
  const starts = watchBlocks(network);
  const restingTensorBytes = tf.memory().numBytes;
  const { kernels, peakBytes, result } = await tf.profile(() => {
    stepNetwork(network, { views, labels: null, step: 0, stepCount: 1, learningRate: 0.01, seed: 0 });
    return tf.scalar(0);
  });
  const costs = describeCosts(network.options);
  const blocks = network.learners.map(({ definition, state }, index): BlockMemory => {
    const own = kernels.slice(starts[index], starts[index + 1]);
    const { parameters, buffers, optimizer } = state;
    const tensors = [parameters, buffers, optimizer].flatMap((map) => Object.values(map));
    return {
      id: definition.id,
      peakTensorBytes: own.reduce((most, { totalBytesSnapshot }) => Math.max(most, totalBytesSnapshot), 0),
      stateBytes: tensors.reduce((sum, { size }) => sum + 4 * size, 0),
      activationBytes: (costs[index] as BlockCost).activationBytes,
    };
  });
  tf.dispose([...views, result as tf.Scalar]);
  network.dispose();
  return {
    ...workload,
    engine: engine.id,
    peakTensorBytes: peakBytes,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    restingTensorBytes,
    blocks,
  };
}

/** Notes with which kernel of the profile each block begins; the list fills as a step goes on. */
function watchBlocks({ learners }: Network): readonly number[] {
  const starts: number[] = [];
  for (const learner of learners) {
    const open = learner.open.bind(learner);
    learner.open = (request) => {
      starts.push(tf.engine().state.activeProfile.kernels.length);
      return open(request);
    };
  }
  return starts;
}
