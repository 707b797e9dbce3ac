import { createLoader } from "@blockwise/loader";
import { rootKey } from "@blockwise/random";
import {
  type AugmentationV1,
  type DataSourceV1,
  type FeatureTable,
  InvalidOptionError,
} from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import type { FeatureProbe } from "./feature-probe.js";

/** What to run through a probe. */
export interface ImagePass {
  readonly probe: FeatureProbe;
  readonly source: DataSourceV1;
  /** One view an image: the evaluation's crop and normalisation. */
  readonly augmentation: AugmentationV1;
  /** Images at a time. @default 256 */
  readonly batchSize?: number;
  readonly workers?: number;
}

/** The features of all images of a source at one depth, in the source's order. */
export interface DepthTables {
  readonly id: string;
  readonly trainedHead: boolean;
  readonly raw: FeatureTable;
  readonly head: FeatureTable;
}

/**
 * Reads the features of every image once, at all depths in one pass. Unlabelled images get the label -1.
 *
 * @throws InvalidOptionError unless the augmentation makes one view.
 */
export async function extractFeatures(pass: ImagePass): Promise<readonly DepthTables[]> {
  const { probe, source } = pass;
  const labels = source.labels ?? new Int32Array(source.size).fill(-1);
  const tables: { raw: TableWriter; head: TableWriter }[] = probe.depths.map(() => ({
    raw: new TableWriter(source.size),
    head: new TableWriter(source.size),
  }));
  await eachBatch(pass, Number.POSITIVE_INFINITY, (images) => {
    for (const [depth, features] of probe.features(images).entries()) {
      tables[depth]?.raw.append(features.raw);
      tables[depth]?.head.append(features.head);
      tf.dispose([features.raw, features.head]);
    }
  });
  return probe.depths.map(({ id, trainedHead }, depth) => ({
    id,
    trainedHead,
    raw: { ...(tables[depth]?.raw ?? new TableWriter(0)).table(), labels },
    head: { ...(tables[depth]?.head ?? new TableWriter(0)).table(), labels },
  }));
}

/**
 * Calibrates a probe on the first images of a source (see `FeatureProbe.calibrate`).
 *
 * @param batchCount PyTorch's momentum of 0.1 forgets the start to 0.5 % in 50 batches. @default 50
 */
export async function calibrateProbe(
  pass: ImagePass,
  layers: "all" | "fresh-heads",
  batchCount = 50,
): Promise<void> {
  await eachBatch(pass, batchCount, (images) => pass.probe.calibrate(images, layers));
}

async function eachBatch(
  { augmentation, source, batchSize = 256, workers }: ImagePass,
  batchCount: number,
  use: (images: tf.Tensor4D) => void,
): Promise<void> {
  if (augmentation.views !== 1) {
    throw new InvalidOptionError({
      option: "augmentation",
      expected: "one that makes a single view of each image",
      received: `${augmentation.id} with ${augmentation.views}`,
    });
  }
  const { height, width, channels } = augmentation.shape;
  const loader = createLoader({
    source,
    augmentation,
    batchSize,
    key: rootKey(0),
    shuffle: false,
    dropLast: false,
    ...(workers === undefined ? {} : { workers }),
  });
  try {
    for (let done = 0; done < batchCount; ) {
      for await (const batch of loader.epoch(0)) {
        const pixels = batch.views[0]?.slice() ?? new Float32Array();
        batch.release();
        const images = tf.tensor4d(pixels, [batch.indices.length, height, width, channels]);
        try {
          use(images);
        } finally {
          images.dispose();
        }
        done += 1;
        if (done >= batchCount) break;
      }
      if (batchCount === Number.POSITIVE_INFINITY) break;
    }
  } finally {
    await loader.close();
  }
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
    return { features: this.#features, dim: this.#dim };
  }
}
