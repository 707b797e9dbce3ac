import { type DepthTables, extractFeatures } from "@blockwise/core";
import { describeFeatures, kNearestNeighbors, linearProbe } from "@blockwise/evaluate";
import type { EvaluatorV1, FeatureTable, JsonObject } from "@blockwise/spec";
import type { OpenedRun } from "../run/open-run.js";
import type { EvaluationContext, EvaluationProtocol } from "./evaluation-protocol.js";
import { labelledImages } from "./labelled-images.js";
import { describeReading, openProbe } from "./open-probe.js";
import { type ProbeSettings, probeSettings } from "./probe-settings.js";

/** What the probes found at one depth. */
export interface BlockEvaluation {
  readonly block: string;
  /** Whether the head was trained with the network, or is a fresh one. */
  readonly trainedHead: boolean;
  readonly linearProbe: { readonly raw: { readonly top1: number }; readonly head: { readonly top1: number } };
  readonly knn: { readonly raw: { readonly top1: number } };
  readonly collapse: { readonly raw: CollapseIndicators; readonly head: CollapseIndicators };
}

/** How spread out features are. */
export interface CollapseIndicators {
  readonly standardDeviation: number;
  readonly effectiveRank: number;
  readonly meanAbsoluteCorrelation: number;
  readonly dim: number;
}

/** `evaluation.json`. */
export interface EvaluationRecord {
  readonly blocks: readonly BlockEvaluation[];
  /** How the scores were come by. */
  readonly protocol: JsonObject;
  /** What it was asked for by: the run's own settings, or those of `--config`. */
  readonly settings?: ProbeSettings;
  readonly seconds: number;
}

/**
 * The default: features are read once in evaluation mode, then a linear probe on the raw pooled features and on the head's
 * output, and nearest neighbours on the raw ones; the held-out split gives the score.
 */
export const probes: EvaluationProtocol = {
  name: "probes",
  description: "Linear probe and nearest neighbours on features read once, and indicators of collapse.",
  run: async (context) => {
    const record = await probe(context);
    return record === null ? null : { record, summary: formatEvaluation(record) };
  },
};

async function probe(context: EvaluationContext): Promise<EvaluationRecord | null> {
  const { run, name, folder, reporter, signal } = context;
  const { config, plugins } = run;
  const start = performance.now();
  const phase = (text: string): void => reporter.report({ event: "phase", run: name, phase: text });
  const { train, test, classCount } = labelledImages(run);
  phase("reading features");
  const opened = await openProbe(run, folder, train);
  try {
    const augmentation = plugins.evaluationView;
    const fit = await extractFeatures({ probe: opened.probe, source: train, augmentation });
    const score = await extractFeatures({ probe: opened.probe, source: test, augmentation });
    const blocks: BlockEvaluation[] = [];
    const protocol: Record<string, JsonObject> = {};
    for (const [depth, { id, trainedHead, raw, head }] of fit.entries()) {
      if (signal.aborted) return null;
      phase(`probing ${id}`);
      const held = score[depth] as DepthTables;
      const judge = async (evaluator: EvaluatorV1, table: FeatureTable, test: FeatureTable) => {
        const result = await evaluator.doEvaluate({ train: table, test, classCount, seed: config.seed });
        // One entry an evaluator: what differs from table to table is left to the tables.
        const { dim: _, ...shared } = result.protocol;
        protocol[evaluator.id] = shared;
        return { top1: result.top1 };
      };
      const probeEvaluator = linearProbeOf(config);
      blocks.push({
        block: id,
        trainedHead,
        linearProbe: {
          raw: await judge(probeEvaluator, raw, held.raw),
          head: await judge(probeEvaluator, head, held.head),
        },
        knn: { raw: await judge(kNearestNeighbors({ k: config.evaluation.neighbors }), raw, held.raw) },
        collapse: { raw: indicatorsOf(held.raw), head: indicatorsOf(held.head) },
      });
    }
    const features = describeReading(opened, augmentation);
    return {
      blocks,
      protocol: { ...protocol, features },
      settings: probeSettings(config),
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    opened.dispose();
  }
}

/** The linear probe that a configuration asks for. */
export function linearProbeOf({ evaluation }: OpenedRun["config"]): EvaluatorV1 {
  return linearProbe({ epochs: evaluation.probeEpochs, learningRate: evaluation.probeLearningRate });
}

function indicatorsOf(table: FeatureTable): CollapseIndicators {
  const { deviation, effectiveRank, meanAbsoluteCorrelation } = describeFeatures(table);
  return { standardDeviation: deviation, effectiveRank, meanAbsoluteCorrelation, dim: table.dim };
}

function formatEvaluation({ blocks }: EvaluationRecord): string {
  const rows = blocks.map(({ block, linearProbe, knn }) =>
    [
      block.padEnd(16),
      linearProbe.raw.top1.toFixed(1).padStart(10),
      linearProbe.head.top1.toFixed(1).padStart(10),
      knn.raw.top1.toFixed(1).padStart(10),
    ].join(""),
  );
  const title = ["top-1 in %".padEnd(16), "probe raw", "probe head", "kNN raw"].map((text, index) =>
    index === 0 ? text : text.padStart(index === 2 ? 11 : 10),
  );
  return [title.join(""), ...rows].join("\n");
}
