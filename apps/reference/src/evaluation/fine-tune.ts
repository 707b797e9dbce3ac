import type { JsonObject } from "@blockwise/spec";
import type { EvaluationContext, EvaluationProtocol } from "./evaluation-protocol.js";
import { fineTune } from "./fine-tuning.js";
import { labelledImages } from "./labelled-images.js";
import { openProbe } from "./open-probe.js";
import type { ScoresByEpoch } from "./scores-by-epoch.js";
import { formatColumns, percent } from "./summary-table.js";

/** `evaluation/fine-tune.json`. */
export interface FineTuneRecord extends ScoresByEpoch {
  readonly protocol: JsonObject;
  /** Of this call; an interrupted evaluation's earlier epochs took more. */
  readonly seconds: number;
}

/** The network, trained on end to end with all labels that the configuration allows. */
export const fineTuneProtocol: EvaluationProtocol = {
  name: "fine-tune",
  description:
    "The network trained on end to end with labels, backbone and classifier at rates of their own.",
  run: async (context) => {
    const record = await tune(context);
    return record === null ? null : { record, summary: summarizeFineTune(record) };
  },
};

async function tune(context: EvaluationContext): Promise<FineTuneRecord | null> {
  const start = performance.now();
  const images = labelledImages(context.run);
  const opened = await openProbe(context.run, context.folder, images.train);
  try {
    const found = await fineTune(context, opened, images, fineTuneProtocol.name);
    if (found === null) return null;
    const { result, protocol } = found;
    return { ...result, protocol, seconds: (performance.now() - start) / 1000 };
  } finally {
    opened.dispose();
  }
}

function summarizeFineTune({ last, best, protocol }: FineTuneRecord): string {
  return formatColumns(
    ["accuracy in %", "top-1", "top-5", "best top-1"],
    [[`fine-tuned after ${protocol.after}`, percent(last.top1), percent(last.top5), percent(best.top1)]],
  );
}
