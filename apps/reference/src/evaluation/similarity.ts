import { isDeepStrictEqual } from "node:util";
import { extractFeatures } from "@blockwise/core";
import { subset } from "@blockwise/data";
import { linearCkaMatrix } from "@blockwise/evaluate";
import type { SimilarityResultV1 } from "@blockwise/report";
import {
  type DataSourceV1,
  type FeatureTable,
  InvalidOptionError,
  type JsonObject,
  ShapeMismatchError,
} from "@blockwise/spec";
import { readResolvedConfig } from "../config/load-config.js";
import { datasetName } from "../config/sections/data.js";
import { readInputRecord } from "../run/input-record.js";
import type { OpenedRun } from "../run/open-run.js";
import { createPlugins } from "../run/plugins.js";
import { runFolder } from "../run/run-folder.js";
import type { EvaluationContext, EvaluationProtocol } from "./evaluation-protocol.js";
import { describeReading, openProbe } from "./open-probe.js";
import { formatColumns } from "./summary-table.js";

/** `evaluation/similarity.json`. */
export interface SimilarityRecord extends SimilarityResultV1 {
  readonly protocol: JsonObject;
  readonly seconds: number;
}

/** How alike the features of blocks are: linear CKA of pooled features of held-out images. Needs no labels. */
export const similarity: EvaluationProtocol = {
  name: "similarity",
  description: "Linear CKA between all blocks, and with the blocks of another run.",
  run: async (context) => {
    const record = await compare(context);
    return record === null ? null : { record, summary: summarize(record) };
  },
};

async function compare(context: EvaluationContext): Promise<SimilarityRecord | null> {
  const { run, name, folder, against, reporter, signal } = context;
  const start = performance.now();
  const phase = (text: string): void => reporter.report({ event: "phase", run: name, phase: text });
  const { estimator, maxImages } = run.config.evaluation.similarity;
  const { train, test } = run.data.evaluation();
  const all = test ?? train;
  const images =
    maxImages === null || maxImages >= all.size ? all : subset(all, { count: maxImages, balanced: false });
  // Before the work, so that a wrong run is not found out after it.
  const other = against === null ? null : await openOther(run, against);
  phase("similarity: reading features");
  const own = await readBlocks(run, folder, train, images);
  if (signal.aborted) return null;
  if (against !== null) phase(`similarity: reading features of ${against}`);
  const others = other === null ? null : await readBlocks(other, against ?? "", train, images);
  if (signal.aborted) return null;
  phase("similarity: comparing");
  const within = linearCkaMatrix(own.tables, own.tables, { estimator });
  return {
    blocks: own.blocks,
    within,
    against:
      others === null
        ? null
        : {
            run: against ?? "",
            blocks: others.blocks,
            matrix: linearCkaMatrix(own.tables, others.tables, { estimator }),
          },
    protocol: {
      measure: "linear centred kernel alignment",
      estimator,
      images: { dataset: run.config.data.dataset, description: images.description, count: images.size },
      features: own.reading,
      ...(others === null ? {} : { featuresAgainst: others.reading }),
    },
    seconds: (performance.now() - start) / 1000,
  };
}

interface ReadBlocks {
  readonly blocks: readonly string[];
  readonly tables: readonly FeatureTable[];
  readonly reading: JsonObject;
}

async function readBlocks(
  run: OpenedRun,
  folder: string,
  train: DataSourceV1,
  source: DataSourceV1,
): Promise<ReadBlocks> {
  const opened = await openProbe(run, folder, train);
  try {
    const augmentation = run.plugins.evaluationView;
    const { workers } = run.config;
    const tables = await extractFeatures({
      probe: opened.probe,
      source,
      augmentation,
      ...(workers === null ? {} : { workers }),
    });
    return {
      blocks: tables.map(({ id }) => id),
      tables: tables.map(({ raw }) => raw),
      reading: describeReading(opened, augmentation),
    };
  } finally {
    opened.dispose();
  }
}

/** Another run's network, on this run's engine and images. @throws InvalidOptionError for a run of other images. */
async function openOther(run: OpenedRun, folder: string): Promise<OpenedRun> {
  const config = await readResolvedConfig(runFolder(folder).config);
  const { dataset } = run.config.data;
  if (!isDeepStrictEqual(config.data.dataset, dataset)) {
    throw new InvalidOptionError({
      option: "against",
      expected: `a run on the same images (${datasetName(dataset)})`,
      received: config.data.dataset,
      hint: "Features can only be compared image by image.",
    });
  }
  const input = await readInputRecord(folder);
  if (input.channels !== run.data.statistics.channels) {
    throw new ShapeMismatchError({
      subject: `The images of ${folder}`,
      expected: `of ${run.data.statistics.channels} channels`,
      received: [input.channels],
    });
  }
  const { channels, mean, std, classCount } = input;
  const statistics = { channels, mean, std };
  return {
    config,
    engine: run.engine,
    data: { ...run.data, statistics, classCount },
    plugins: await createPlugins(config, statistics),
  };
}

function summarize({ blocks, within, against }: SimilarityRecord): string {
  const table = (title: string, head: readonly string[], matrix: readonly (readonly number[])[]): string =>
    formatColumns(
      [title, ...head],
      blocks.map((block, row) => [block, ...(matrix[row] ?? []).map((value) => value.toFixed(3))]),
    );
  const own = table("linear CKA", blocks, within);
  if (against === null) return own;
  return `${own}\n\n${table(`with ${against.run}`, against.blocks, against.matrix)}`;
}
