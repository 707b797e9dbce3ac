import { createFeatureProbe, extractFeatures, type Network } from "@blockwise/core";
import { subset } from "@blockwise/data";
import type { DataSourceV1, TrainerCallbackV1 } from "@blockwise/spec";
import {
  appendJsonLine,
  type FeatureMapLine,
  featureMap,
  keepJsonLines,
  type MapImages,
} from "@blockwise/watch";
import type { OpenedRun } from "./open-run.js";
import { readJsonIfThere, runFolder, writeJson } from "./run-folder.js";
import { writePairs } from "./write-pairs.js";

/**
 * Records what a run's configuration asks for under `watch`: maps of the features of the same held-out images at some moments
 * (training images where nothing is held out), and pairs of views. The network learns the same, bit for bit, with it and
 * without.
 *
 * @param network the network to read, once it is there
 */
export function recordImages(
  run: OpenedRun,
  network: () => Network,
  folder: string,
): readonly TrainerCallbackV1[] {
  const { watch } = run.config;
  if (watch === null) return [];
  const files = runFolder(folder);
  const source = imagesOf(run, watch.images);
  let moments: ReadonlySet<number> = new Set();

  const draw = async (step: number): Promise<void> => {
    const { images, line } = await readMaps(run, network(), source, step);
    if ((await readJsonIfThere(files.mapImages)) === null) await writeJson(files.mapImages, images);
    await appendJsonLine(files.maps, line);
  };
  return [
    {
      specificationVersion: "v1",
      kind: "callback",
      id: "record-images",
      options: watch,
      onRunStart: async ({ startStep, stepCount }) => {
        moments = mapMoments(watch.maps, stepCount);
        await keepJsonLines<FeatureMapLine>(files.maps, ({ step }) => step <= startStep);
        if (watch.pairs > 0) await writePairs(run, watch.pairs, files.pairs);
        if (startStep === 0) await draw(0);
      },
      readsNetwork: ({ step }) => moments.has(step + 1),
      onStepEnd: async ({ step }) => {
        if (moments.has(step + 1)) await draw(step + 1);
      },
    },
  ];
}

/** Numbers of steps done, spread over a run: 0 and the last one among them. */
export function mapMoments(count: number, stepCount: number): ReadonlySet<number> {
  return new Set(Array.from({ length: count }, (_, index) => Math.round((index * stepCount) / (count - 1))));
}

function imagesOf({ config, data }: OpenedRun, count: number): DataSourceV1 {
  const { train, test } = data.evaluation();
  const source = test ?? train;
  return count >= source.size ? source : subset(source, { count, seed: config.seed });
}

async function readMaps(
  { config, plugins }: OpenedRun,
  network: Network,
  source: DataSourceV1,
  step: number,
): Promise<{ readonly images: MapImages; readonly line: FeatureMapLine }> {
  const { partition, seed } = config;
  const probe = createFeatureProbe({ network, depths: partition, head: plugins.head, seed });
  try {
    const tables = await extractFeatures({
      probe,
      source,
      augmentation: plugins.evaluationView,
      // What a training step has room for, this has too.
      batchSize: Math.min(config.batchSize, source.size),
      // Threads take longer to start than so few images that lie in memory.
      ...(source.store.kind === "packed" ? { workers: 0 } : {}),
      ...(source.store.kind === "stored" && config.workers !== null ? { workers: config.workers } : {}),
    });
    const { classNames, description } = source;
    const labels = classNames === null ? null : [...(tables[0]?.raw.labels ?? [])];
    return {
      images: { labels, classNames, description },
      line: { step, blocks: tables.map(({ id, raw }) => featureMap(id, raw)) },
    };
  } finally {
    probe.dispose();
  }
}
