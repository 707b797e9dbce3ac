import { calibrateProbe, createFeatureProbe, type DepthTables, extractFeatures } from "@blockwise/core";
import { describeFeatures, kNearestNeighbors, linearProbe } from "@blockwise/evaluate";
import { DataSourceError, type EvaluatorV1, type FeatureTable, type JsonObject } from "@blockwise/spec";
import type { Reporter } from "../progress/reporter.js";
import { openNetwork } from "./open-network.js";
import type { OpenedRun } from "./open-run.js";
import { runFolder, writeJson } from "./run-folder.js";

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
  readonly seconds: number;
}

/**
 * Probes a run at the end of every stage: features are read once in evaluation mode, then a linear probe on the raw
 * pooled features and on the head's output, and nearest neighbours on the raw ones; the held-out split gives the score.
 *
 * @throws DataSourceError for images without labels or a held-out split; CheckpointError for a run that is not trained.
 */
export async function evaluateRun(
  run: OpenedRun,
  options: { readonly name: string; readonly folder: string; readonly reporter: Reporter },
): Promise<EvaluationRecord> {
  const { config, data, plugins } = run;
  const { name, reporter } = options;
  const start = performance.now();
  const phase = (text: string): void => reporter.report({ event: "phase", run: name, phase: text });
  const { classCount } = data;
  const { train, test } = data.evaluation();
  if (test === null || classCount === null) {
    throw new DataSourceError(
      `${data.train.description} has no labels or no held-out split, so that nothing can be scored. Use class folders.`,
      { source: config.data.dataset },
    );
  }
  const network = await openNetwork(run, options.folder);
  const probe = createFeatureProbe({ network, head: plugins.head, seed: config.seed });
  try {
    const augmentation = plugins.evaluationView;
    const untrained = config.epochs === 0 ? "all" : "fresh-heads";
    const calibrated = untrained === "all" || probe.depths.some(({ trainedHead }) => !trainedHead);
    phase("reading features");
    if (calibrated)
      await calibrateProbe({ probe, source: train, augmentation }, untrained, calibrationBatches);
    const fit = await extractFeatures({ probe, source: train, augmentation });
    const score = await extractFeatures({ probe, source: test, augmentation });
    const blocks: BlockEvaluation[] = [];
    const protocol: Record<string, JsonObject> = {};
    for (const [depth, { id, trainedHead, raw, head }] of fit.entries()) {
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
    const record = {
      blocks,
      protocol: {
        ...protocol,
        features: {
          raw: "the block's output in evaluation mode, averaged over height and width",
          head: "the block's head output in evaluation mode",
          calibration: calibrated
            ? `running statistics of ${untrained === "all" ? "all layers" : "untrained heads"} from ${calibrationBatches} batches of 256 images`
            : "none",
          view: { id: augmentation.id, ...augmentation.options },
        },
      },
      seconds: (performance.now() - start) / 1000,
    };
    await writeJson(runFolder(options.folder).evaluation, record);
    return record;
  } finally {
    probe.dispose();
    network.dispose();
  }
}

const calibrationBatches = 50;

/** The linear probe that a configuration asks for. */
export function linearProbeOf({ evaluation }: OpenedRun["config"]): EvaluatorV1 {
  return linearProbe({ epochs: evaluation.probeEpochs, learningRate: evaluation.probeLearningRate });
}

function indicatorsOf(table: FeatureTable): CollapseIndicators {
  const { deviation, effectiveRank, meanAbsoluteCorrelation } = describeFeatures(table);
  return { standardDeviation: deviation, effectiveRank, meanAbsoluteCorrelation, dim: table.dim };
}
