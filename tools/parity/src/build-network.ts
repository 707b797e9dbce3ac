import { resnet } from "@blockwise/backbone-resnet";
import { createNetwork, type Network } from "@blockwise/core";
import { convolutionExpansion, globalPool, mlpProjector } from "@blockwise/heads";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { simclr } from "@blockwise/loss-simclr";
import { vicreg } from "@blockwise/loss-vicreg";
import { lars } from "@blockwise/optim";
import type { EngineV1, HeadV1, LocalLossV1 } from "@blockwise/spec";
import type { ParityCase } from "./case-format.js";
import { type Recording, recordGradients, recordViews } from "./recording.js";

/** The network that a case describes, with plugins that record what passes through them. */
export function buildNetwork(parityCase: ParityCase, engine: EngineV1, recording: Recording): Network {
  const { block, layers, width, stem, projector, batch, size, detach } = parityCase;
  const optimizer = lars({ momentum: 0.9, trustCoefficient: 0.001, weightDecay: 1e-6 });
  return createNetwork({
    engine,
    backbone: resnet({ depth: { unit: block, unitCounts: layers }, width, stem }),
    partition: detach ? "stages" : "end-to-end",
    head: headOf(parityCase),
    projector: mlpProjector({ widths: projector }),
    loss: recordViews(lossOf(parityCase), recording),
    optimizer: recordGradients(optimizer, recording),
    imageShape: [size, size, 3],
    batchSize: batch,
    classCount: null,
    seed: 0,
  });
}

/** The head that a case describes. */
export function headOf({ head, dim }: ParityCase): HeadV1 {
  switch (head) {
    case "gsp":
      return globalPool();
    case "cbe1":
      return convolutionExpansion({ dim, kernelSize: 1 });
    case "cbe3":
      return convolutionExpansion({ dim, kernelSize: 3 });
  }
}

function lossOf(parityCase: ParityCase): LocalLossV1 {
  switch (parityCase.loss) {
    case "barlow":
      return barlowTwins({ lambda: parityCase.lambda, scale: parityCase.scale });
    case "simclr":
      return simclr({ temperature: parityCase.temperature });
    case "vicreg": {
      const [similarity, variance, covariance] = parityCase.coeffs;
      return vicreg({ similarity, variance, covariance });
    }
  }
}
