import { type DepthTables, extractFeatures } from "@blockwise/core";
import { type EvaluatorV1, type FeatureTable, InvalidOptionError, type JsonObject } from "@blockwise/spec";
import { createEvaluators } from "../run/plugins/evaluators.js";
import type { EvaluationContext, EvaluationProtocol } from "./evaluation-protocol.js";
import { labelledImages } from "./labelled-images.js";
import { describeReading, openProbe } from "./open-probe.js";
import { formatColumns, percent } from "./summary-table.js";

/** A score, as the evaluator gives it. */
interface Score {
  readonly top1: number;
  readonly top5?: number;
}

/** What one evaluator says of one block. */
interface BlockScores {
  readonly raw: Score;
  readonly head: Score;
}

/** `evaluation/evaluators.json`. */
interface EvaluatorsRecord {
  readonly evaluators: readonly {
    readonly evaluator: string;
    readonly blocks: readonly ({ readonly block: string; readonly trainedHead: boolean } & BlockScores)[];
  }[];
  /** How the scores were come by: what each evaluator says of itself, and how the features were read. */
  readonly protocol: JsonObject;
  readonly seconds: number;
}

/** Scores by evaluators of other packages, which `evaluation.evaluators` names, on the tables that `probes` reads. */
export const evaluators: EvaluationProtocol = {
  name: "evaluators",
  description:
    "What evaluators of other packages, named by evaluation.evaluators, say of features read once.",
  run: async (context) => {
    const record = await judgeAll(context);
    return record === null ? null : { record, summary: summarize(record) };
  },
};

async function judgeAll(context: EvaluationContext): Promise<EvaluatorsRecord | null> {
  const { run, name, folder, reporter, signal } = context;
  const start = performance.now();
  const phase = (text: string): void => reporter.report({ event: "phase", run: name, phase: text });
  // Before the work, so that a package that is missing is not found out after it.
  const chosen = requireSome(await createEvaluators(run.config.evaluation));
  const { train, test, classCount } = labelledImages(run);
  phase("reading features");
  const opened = await openProbe(run, folder, train);
  try {
    const augmentation = run.plugins.evaluationView;
    const fit = await extractFeatures({ probe: opened.probe, source: train, augmentation });
    const score = await extractFeatures({ probe: opened.probe, source: test, augmentation });
    const found: EvaluatorsRecord["evaluators"][number][] = [];
    const protocols: JsonObject[] = [];
    for (const evaluator of chosen) {
      const blocks: EvaluatorsRecord["evaluators"][number]["blocks"][number][] = [];
      let protocol: JsonObject = {};
      for (const [depth, { id, trainedHead, raw, head }] of fit.entries()) {
        if (signal.aborted) return null;
        phase(`${evaluator.id}: ${id}`);
        const held = score[depth] as DepthTables;
        const judge = async (table: FeatureTable, test: FeatureTable): Promise<Score> => {
          const result = await evaluator.doEvaluate({
            train: table,
            test,
            classCount,
            seed: run.config.seed,
          });
          protocol = result.protocol;
          return result.top5 === undefined ? { top1: result.top1 } : { top1: result.top1, top5: result.top5 };
        };
        blocks.push({
          block: id,
          trainedHead,
          raw: await judge(raw, held.raw),
          head: await judge(head, held.head),
        });
      }
      found.push({ evaluator: evaluator.id, blocks });
      // What differs from table to table is left to the tables.
      const { dim: _, ...shared } = protocol;
      protocols.push({ id: evaluator.id, options: evaluator.options, ...shared });
    }
    return {
      evaluators: found,
      protocol: { evaluators: protocols, features: describeReading(opened, augmentation) },
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    opened.dispose();
  }
}

function requireSome(chosen: readonly EvaluatorV1[]): readonly EvaluatorV1[] {
  if (chosen.length > 0) return chosen;
  throw new InvalidOptionError({
    option: "evaluation.evaluators",
    expected: "a list of packages for the protocol evaluators",
    received: undefined,
    hint: "Name them with --evaluator, or in a file for --config.",
  });
}

function summarize({ evaluators }: EvaluatorsRecord): string {
  return evaluators
    .map(({ evaluator, blocks }) =>
      formatColumns(
        [`${evaluator}, top-1 in %`, "raw", "head"],
        blocks.map(({ block, raw, head }) => [block, percent(raw.top1), percent(head.top1)]),
      ),
    )
    .join("\n\n");
}
