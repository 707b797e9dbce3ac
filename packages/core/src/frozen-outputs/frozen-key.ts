import { createHash } from "node:crypto";
import type { JsonObject } from "@blockwise/spec";
import type { BlockLearner } from "../learner/block-learner.js";

/** A digest of everything that the outputs of a chain of frozen blocks come from: the run, and all that the blocks keep. */
export function frozenKey(configuration: JsonObject, blocks: readonly BlockLearner[]): string {
  const hash = createHash("sha256").update(JSON.stringify(configuration));
  for (const { state } of blocks) {
    for (const [name, tensor] of [...Object.entries(state.parameters), ...Object.entries(state.buffers)]) {
      const { buffer, byteOffset, byteLength } = tensor.dataSync();
      hash.update(`\n${name} ${tensor.shape}\n`).update(new Uint8Array(buffer, byteOffset, byteLength));
    }
  }
  return hash.digest("hex");
}
