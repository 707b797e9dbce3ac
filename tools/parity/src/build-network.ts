import { resnet } from "@blockwise/backbone-resnet";
import { createNetwork, type Network } from "@blockwise/core";
import { convolutionExpansion, globalPool, localPool, mlpProjector } from "@blockwise/heads";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { crossEntropy } from "@blockwise/loss-cross-entropy";
import { greedyInfoMax } from "@blockwise/loss-greedy-infomax";
import { lookAhead } from "@blockwise/loss-look-ahead";
import { simclr } from "@blockwise/loss-simclr";
import { vicreg } from "@blockwise/loss-vicreg";
import { lars } from "@blockwise/optim";
import type { EngineV1, HeadV1, LocalLossV1 } from "@blockwise/spec";
import type { ParityCase } from "./case-format.js";
import type { CaseLoss } from "./case-loss.js";
import { type Recording, recordGradients, recordViews } from "./recording.js";

/** What a case leaves open. */
export interface Variant {
  /** How much of a head's expanded map is held at a time, in bytes. @default "auto" */
  readonly chunkBytes?: number | "auto";
}

/** The network that a case describes, with plugins that record what passes through them. */
export function buildNetwork(
  parityCase: ParityCase,
  engine: EngineV1,
  recording: Recording,
  variant: Variant = {},
): Network {
  const { block, layers, width, stem, projector, batch, size, detach } = parityCase;
  const optimizer = lars({ momentum: 0.9, trustCoefficient: 0.001, weightDecay: 1e-6 });
  return createNetwork({
    engine,
    backbone: resnet({ depth: { unit: block, unitCounts: layers }, width, stem }),
    partition: detach ? "stages" : "end-to-end",
    head: headOf(parityCase, variant),
    projector: mlpProjector({ widths: projector }),
    loss: recordViews(lossOf(parityCase), recording),
    optimizer: recordGradients(optimizer, recording),
    imageShape: [size, size, 3],
    batchSize: batch,
    classCount: classesOf(parityCase)?.classes ?? null,
    seed: 0,
  });
}

/** The head that a case describes. */
export function headOf(parityCase: ParityCase, { chunkBytes = "auto" }: Variant = {}): HeadV1 {
  switch (parityCase.head) {
    case "gsp":
      return globalPool();
    case "cbe1":
      return convolutionExpansion({ dim: parityCase.dim, kernelSize: 1, chunkBytes });
    case "cbe3":
      return convolutionExpansion({ dim: parityCase.dim, kernelSize: 3 });
    case "lsp":
      return localPool({ grid: parityCase.grid });
  }
}

/** How many classes a case has, and which each image is of; null where its loss does not ask. */
export function classesOf(
  loss: CaseLoss,
): { readonly classes: number; readonly labels: readonly number[] } | null {
  const plain = loss.loss === "look-ahead" ? loss.of : loss;
  return plain.loss === "cross-entropy" ? plain : null;
}

function lossOf(loss: CaseLoss): LocalLossV1 {
  switch (loss.loss) {
    case "barlow":
      return barlowTwins({ lambda: loss.lambda, scale: loss.scale });
    case "simclr":
      return simclr({ temperature: loss.temperature });
    case "vicreg": {
      const [similarity, variance, covariance] = loss.coeffs;
      return vicreg({ similarity, variance, covariance });
    }
    case "cross-entropy":
      return crossEntropy({ input: loss.input, labelSmoothing: loss.smoothing });
    case "greedy-infomax": {
      const { steps, negatives, temperature, patches } = loss;
      return greedyInfoMax({ predictionSteps: steps, negatives, temperature, grid: patches });
    }
    case "look-ahead":
      return lookAhead({ loss: lossOf(loss.of), weight: loss.weight });
  }
}
