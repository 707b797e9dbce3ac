import { createLoader, type Loader } from "@blockwise/loader";
import { rootKey } from "@blockwise/random";
import type { AugmentationV1, DataSourceV1, FeatureTable } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import type { FeatureProbe } from "./feature-probe.js";
import { requireOneView, useImages } from "./use-images.js";

const defaultBatchSize = 256;

/** What to run through a probe. */
export interface ImagePass {
  /** What reads the features; borrowed. */
  readonly probe: FeatureProbe;
  /** The images, each read once. */
  readonly source: DataSourceV1;
  /** One view an image: the evaluation's crop and normalisation. */
  readonly augmentation: AugmentationV1;
  /** Images at a time. @default 256 */
  readonly batchSize?: number;
  /** Threads that prepare images. @default one less than the cores, at most two */
  readonly workers?: number;
}

/** The features of all images of a source at one depth, in the source's order; broken images have no row. */
export interface DepthTables {
  /** The depth's id, as in {@link ProbeDepth}. */
  readonly id: string;
  /** Whether `head` is of a head that was trained with the network, or of a fresh one. */
  readonly trainedHead: boolean;
  /** The image of each row: its place in the source. */
  readonly indices: Uint32Array;
  /** The block's output, pooled: `[images, channels]`. */
  readonly raw: FeatureTable;
  /** The output of the head at this depth: `[images, featureDim]`. */
  readonly head: FeatureTable;
}

/**
 * Reads the features of every image once, at all depths in one pass. Unlabelled images get the label -1. Images that are
 * read from files and found broken are left out.
 *
 * @throws InvalidOptionError unless the augmentation makes one view.
 */
export async function extractFeatures(pass: ImagePass): Promise<readonly DepthTables[]> {
  const { probe, source } = pass;
  const places: number[] = [];
  const tables: { raw: TableWriter; head: TableWriter }[] = probe.depths.map(() => ({
    raw: new TableWriter(source.size),
    head: new TableWriter(source.size),
  }));
  const batchSize = pass.batchSize ?? defaultBatchSize;
  await withLoader(pass, { batchSize, shuffle: false, dropLast: false }, async (loader) => {
    for await (const batch of loader.epoch(0)) {
      places.push(...batch.indices);
      for (const [depth, features] of useImages(batch, pass.augmentation, (images) =>
        probe.features(images),
      ).entries()) {
        tables[depth]?.raw.append(features.raw);
        tables[depth]?.head.append(features.head);
        tf.dispose([features.raw, features.head]);
      }
    }
  });
  const indices = Uint32Array.from(places);
  const labels = Int32Array.from(indices, (index) => source.labels?.[index] ?? -1);
  return probe.depths.map(({ id, trainedHead }, depth) => ({
    id,
    trainedHead,
    indices,
    raw: { ...(tables[depth]?.raw ?? new TableWriter(0)).table(), labels },
    head: { ...(tables[depth]?.head ?? new TableWriter(0)).table(), labels },
  }));
}

/**
 * Calibrates a probe on images of a source (see `FeatureProbe.calibrate`), in full batches and in random order: folders
 * come class by class, and a few classes' statistics are not the data's.
 *
 * @param batchCount PyTorch's momentum of 0.1 forgets the start to 0.5 % in 50 batches. @default 50
 */
export async function calibrateProbe(
  pass: ImagePass,
  layers: "all" | "fresh-heads",
  batchCount = 50,
): Promise<void> {
  const batchSize = Math.min(pass.batchSize ?? defaultBatchSize, pass.source.size);
  await withLoader(pass, { batchSize, shuffle: true, dropLast: true }, async (loader) => {
    let done = 0;
    for (let epoch = 0; done < batchCount; epoch++) {
      for await (const batch of loader.epoch(epoch)) {
        useImages(batch, pass.augmentation, (images) => pass.probe.calibrate(images, layers));
        done += 1;
        if (done >= batchCount) break;
      }
    }
  });
}

async function withLoader(
  { augmentation, source, workers }: ImagePass,
  batches: { readonly batchSize: number; readonly shuffle: boolean; readonly dropLast: boolean },
  use: (loader: Loader) => Promise<void>,
): Promise<void> {
  requireOneView(augmentation);
  const loader = createLoader({
    source,
    augmentation,
    key: rootKey(0),
    ...batches,
    ...(workers === undefined ? {} : { workers }),
  });
  await use(loader).finally(() => loader.close());
}

/** Gathers rows batch by batch into one array. */
class TableWriter {
  readonly #rows: number;
  #features: Float32Array = new Float32Array();
  #length = 0;
  #dim = 0;

  constructor(rows: number) {
    this.#rows = rows;
  }

  append(features: tf.Tensor2D): void {
    const values = features.dataSync<"float32">();
    if (this.#length === 0) {
      this.#dim = features.shape[1];
      this.#features = new Float32Array(this.#rows * this.#dim);
    }
    this.#features.set(values, this.#length);
    this.#length += values.length;
  }

  table(): { readonly features: Float32Array; readonly dim: number } {
    return { features: this.#features.subarray(0, this.#length), dim: this.#dim };
  }
}
