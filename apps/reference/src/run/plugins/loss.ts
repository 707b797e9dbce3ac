import { barlowTwins } from "@blockwise/loss-barlow-twins";
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
  }
}
