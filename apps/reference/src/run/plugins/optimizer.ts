import { adamW, lars, sgd } from "@blockwise/optim";
import type { OptimizerV1 } from "@blockwise/spec";
import type { ImageResolvedConfig } from "../../config/schema.js";
import { pluginFromPackage } from "./from-package.js";

/** @throws InvalidOptionError, and as `pluginFromPackage` does */
export async function createOptimizer(optimizer: ImageResolvedConfig["optimizer"]): Promise<OptimizerV1> {
  switch (optimizer.kind) {
    case "adamw":
      return adamW(optimizer);
    case "sgd":
      return sgd(optimizer);
    case "lars":
      return lars(optimizer);
    case "package":
      return pluginFromPackage({ kind: "optimizer", field: "optimizer", choice: optimizer });
  }
}
