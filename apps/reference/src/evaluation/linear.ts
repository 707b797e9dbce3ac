import type { JsonObject } from "@blockwise/spec";
import type { EvaluationContext, EvaluationProtocol } from "./evaluation-protocol.js";
import { labelledImages } from "./labelled-images.js";
import { openProbe } from "./open-probe.js";
import { type LinearBlock, probeLinearly } from "./probe-linearly.js";
import { formatColumns, percent } from "./summary-table.js";

/** `evaluation/linear.json`. */
export interface LinearRecord {
  readonly blocks: readonly LinearBlock[];
  readonly protocol: JsonObject;
  /** Of this call; an interrupted evaluation's earlier epochs took more. */
  readonly seconds: number;
}

/** The paper's linear probe, on all training images that the configuration allows. */
export const linear: EvaluationProtocol = {
  name: "linear",
  description: "The paper's linear probe: SGD on frozen features of augmented images, top-1 and top-5.",
  run: async (context) => {
    const record = await probe(context);
    return record === null ? null : { record, summary: summarizeLinear(record.blocks) };
  },
};

async function probe(context: EvaluationContext): Promise<LinearRecord | null> {
  const start = performance.now();
  const images = labelledImages(context.run);
  const opened = await openProbe(context.run, context.folder, images.train);
  try {
    const found = await probeLinearly(context, opened, images, linear.name);
    return found && { ...found, seconds: (performance.now() - start) / 1000 };
  } finally {
    opened.dispose();
  }
}

/** A row a block. */
function summarizeLinear(blocks: readonly LinearBlock[]): string {
  return formatColumns(
    ["accuracy in %", "raw top-1", "raw top-5", "head top-1", "head top-5", "head best"],
    blocks.map(({ block, raw, head }) => [
      block,
      ...[raw.last.top1, raw.last.top5, head.last.top1, head.last.top5, head.best.top1].map(percent),
    ]),
  );
}
