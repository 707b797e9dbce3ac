import { convolutionExpansion, globalPool, localPool } from "@blockwise/heads";
import type { HeadV1 } from "@blockwise/spec";
import type { HeadConfig } from "../../config/sections/head.js";

/** The head of one block. @throws InvalidOptionError */
export function createHead(head: HeadConfig): HeadV1 {
  switch (head.kind) {
    case "convolution-expansion":
      return convolutionExpansion(head);
    case "global-pool":
      return globalPool();
    case "local-pool":
      return localPool(head);
  }
}
