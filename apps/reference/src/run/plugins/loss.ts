import { type WeightedLoss, weightedSum } from "@blockwise/core";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { crossEntropy } from "@blockwise/loss-cross-entropy";
import { greedyInfoMax } from "@blockwise/loss-greedy-infomax";
import { lookAhead } from "@blockwise/loss-look-ahead";
import { simclr } from "@blockwise/loss-simclr";
import { vicreg } from "@blockwise/loss-vicreg";
import type { LocalLossV1 } from "@blockwise/spec";
import type { LossConfig, WeightedLossConfig } from "../../config/sections/loss.js";
import { pluginFromPackage } from "./from-package.js";

/** The loss of one block. @throws InvalidOptionError, and as `pluginFromPackage` does */
export async function createLoss(loss: LossConfig): Promise<LocalLossV1> {
  if (typeof loss === "string") return pluginFromPackage({ kind: "local-loss", field: "loss", choice: loss });
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
      return lookAhead({ ...loss, loss: await createLoss(loss.loss) });
    case "weighted-sum":
      return weightedSum(await Promise.all(loss.losses.map(weighted)));
    case "package":
      return pluginFromPackage({ kind: "local-loss", field: "loss", choice: loss });
  }
}

async function weighted({ weight, loss }: WeightedLossConfig): Promise<WeightedLoss> {
  return { weight, loss: await createLoss(loss) };
}
