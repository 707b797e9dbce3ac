import { createLoader, type Loader } from "@blockwise/loader";
import { rootKey } from "@blockwise/random";
import {
  type AugmentationV1,
  type DataSourceV1,
  type FeatureTable,
  InvalidOptionError,
} from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import type { Network } from "../wiring/network.js";
import { createFeatureProbe, type FeatureProbe } from "./feature-probe.js";
import { requireOneView, useImages } from "./use-images.js";

const defaultBatchSize = 256;

/** Images to be read, and how. */
export interface SourcePass {
  /** The images, each read once. */
  readonly source: DataSourceV1;
  /** One view an image: the evaluation's crop and normalisation. */
  readonly augmentation: AugmentationV1;
  /** Images at a time. @default 256 */
  readonly batchSize?: number;
  /** Threads that prepare images. @default one less than the cores, at most two */
  readonly workers?: number;
}

/** What to run through a probe. */
export interface ImagePass extends SourcePass {
  /** What reads the features; borrowed. */
  readonly probe: FeatureProbe;
}

/** What to run through a network, to be read after each of its own blocks. */
export interface NetworkPass extends SourcePass {
  /** Borrowed. */
  readonly network: Network;
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
 * Reads the features of every image once, at all depths in one pass: a probe's depths, or the ends of a network's blocks,
 * whose own heads then read them. Unlabelled images get the label -1. Images that are read from files and found broken are
 * left out.
 *
 * @throws InvalidOptionError unless the augmentation makes one view.
 * @example
 * const { train } = await openDataset("./photos", { images: { decodeSize: 64 } });
 * const augmentation = evaluationView({ size: 32 });
 * const features = await extractFeatures({ network: trainer.network, source: train, augmentation });
 */
export async function extractFeatures(pass: ImagePass | NetworkPass): Promise<readonly DepthTables[]> {
  if ("probe" in pass) return readTables(pass);
  const probe = probeBlocks(pass.network);
  return readTables({ ...pass, probe }).finally(() => probe.dispose());
}

/** Reads where blocks end, so that every depth has a head. */
function probeBlocks(network: Network): FeatureProbe {
  const { partition } = network.options;
  const head = (): never => {
    throw new InvalidOptionError({
      option: "network",
      expected: "a network with a head for each block",
      received: partition,
    });
  };
  return createFeatureProbe({ network, depths: partition, head, seed: 0 });
}

async function readTables(pass: ImagePass): Promise<readonly DepthTables[]> {
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
