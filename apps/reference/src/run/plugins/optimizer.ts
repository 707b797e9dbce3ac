import { adamW, lars, sgd } from "@blockwise/optim";
import type { OptimizerV1 } from "@blockwise/spec";
import type { ImageResolvedConfig } from "../../config/schema.js";

/** @throws InvalidOptionError */
export function createOptimizer(optimizer: ImageResolvedConfig["optimizer"]): OptimizerV1 {
  switch (optimizer.kind) {
    case "adamw":
      return adamW(optimizer);
    case "sgd":
      return sgd(optimizer);
    case "lars":
      return lars(optimizer);
  }
}
