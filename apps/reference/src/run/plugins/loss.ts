import { weightedSum } from "@blockwise/core";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { crossEntropy } from "@blockwise/loss-cross-entropy";
import { greedyInfoMax } from "@blockwise/loss-greedy-infomax";
import { lookAhead } from "@blockwise/loss-look-ahead";
import { simclr } from "@blockwise/loss-simclr";
import { vicreg } from "@blockwise/loss-vicreg";
import type { LocalLossV1 } from "@blockwise/spec";
import type { LossConfig } from "../../config/sections/loss.js";

/** The loss of one block. @throws InvalidOptionError */
export function createLoss(loss: LossConfig): LocalLossV1 {
  switch (loss.kind) {
    case "barlow-twins":
      return barlowTwins(loss);
    case "simclr":
      return simclr(loss);
    case "vicreg":
      return vicreg(loss);
    case "cross-entropy":
      return crossEntropy(loss);
    case "greedy-infomax":
      return greedyInfoMax(loss);
    case "look-ahead":
      return lookAhead({ ...loss, loss: createLoss(loss.loss) });
    case "weighted-sum":
      return weightedSum(loss.losses.map((part) => ({ weight: part.weight, loss: createLoss(part.loss) })));
  }
}
