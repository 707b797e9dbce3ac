import { convolutionExpansion, globalPool } from "@blockwise/heads";
import type { HeadV1 } from "@blockwise/spec";
import type { ResolvedConfig } from "../../config/schema.js";

/** @throws InvalidOptionError */
export function createHead(head: ResolvedConfig["head"]): HeadV1 {
  return head.kind === "global-pool" ? globalPool() : convolutionExpansion(head);
}
