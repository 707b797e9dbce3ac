import { createLoader } from "@blockwise/loader";
import { fold, rootKey } from "@blockwise/random";
import { writeFileAtomically } from "@blockwise/safetensors";
import type { ViewShape } from "@blockwise/spec";
import { type PairsRecord, pairPicture, pairsIndex } from "@blockwise/watch";
import type { InputStatistics } from "./input-statistics.js";
import type { OpenedRun } from "./open-run.js";
import { makeFolder, readJsonIfThere, writeJson } from "./run-folder.js";

/** Writes the views of the first images of a run's first step as pictures, unless they are there. @throws StorageError */
export async function writePairs(run: OpenedRun, count: number, folder: string): Promise<void> {
  if ((await readJsonIfThere(pairsIndex(folder))) !== null) return;
  const { config, data, plugins } = run;
  const { train, statistics } = data;
  const augmentation = plugins.trainingViews;
  const loader = createLoader({
    source: train,
    augmentation,
    batchSize: Math.min(count, train.size),
    // As the trainer's own, so that these are the views that the network sees.
    key: fold(rootKey(config.seed), "data"),
    workers: 0,
    prefetch: 1,
  });
  try {
    await makeFolder(folder);
    for await (const { indices, views, labels, release } of loader.epoch(0)) {
      for (const [view, values] of views.entries()) {
        const size = values.length / indices.length;
        for (const image of indices.keys()) {
          const pixels = toBytes(values.subarray(image * size, (image + 1) * size), statistics);
          await writeFileAtomically(
            pairPicture(folder, image, view),
            await toPng(pixels, augmentation.shape),
          );
        }
      }
      const images = [...indices].map((index, place) => ({
        index,
        className: train.classNames?.[labels?.[place] ?? -1] ?? null,
      }));
      const { width, height } = augmentation.shape;
      const record: PairsRecord = { views: views.length, width, height, images };
      release();
      await writeJson(pairsIndex(folder), record);
      return;
    }
  } finally {
    await loader.close();
  }
}

/** A normalised view as bytes again. */
function toBytes(values: Float32Array, { channels, mean, std }: InputStatistics): Buffer {
  return Buffer.from(
    values.map((value, place) => {
      const channel = place % channels;
      const level = value * (std[channel] ?? 1) + (mean[channel] ?? 0);
      return Math.round(255 * Math.min(1, Math.max(0, level)));
    }),
  );
}

async function toPng(pixels: Buffer, { width, height, channels }: ViewShape): Promise<Buffer> {
  // Loads a native library, which a run without pictures does not need.
  const { default: sharp } = await import("sharp");
  const raw = { width, height, channels: channels === 1 ? (1 as const) : (3 as const) };
  return sharp(pixels, { raw }).png().toBuffer();
}
