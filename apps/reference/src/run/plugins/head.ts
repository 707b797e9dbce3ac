import { convolutionExpansion, globalPool } from "@blockwise/heads";
import type { HeadV1 } from "@blockwise/spec";
import type { HeadConfig } from "../../config/sections/head.js";

/** The head of one block. @throws InvalidOptionError */
export function createHead(head: HeadConfig): HeadV1 {
  return head.kind === "global-pool" ? globalPool() : convolutionExpansion(head);
}
