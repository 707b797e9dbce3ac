import { convolutionExpansion, globalPool, localPool } from "@blockwise/heads";
import type { HeadV1 } from "@blockwise/spec";
import type { HeadConfig } from "../../config/sections/head.js";
import { pluginFromPackage } from "./from-package.js";

/** The head of one block. @throws InvalidOptionError, and as `pluginFromPackage` does */
export async function createHead(head: HeadConfig): Promise<HeadV1> {
  if (typeof head === "string") return pluginFromPackage({ kind: "head", field: "head", choice: head });
  switch (head.kind) {
    case "convolution-expansion":
      return convolutionExpansion(head);
    case "global-pool":
      return globalPool();
    case "local-pool":
      return localPool(head);
    case "package":
      return pluginFromPackage({ kind: "head", field: "head", choice: head });
  }
}
