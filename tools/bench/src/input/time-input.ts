import { barlowTwinsViews } from "@blockwise/augment";
import { openDataset } from "@blockwise/data";
import { createLoader } from "@blockwise/loader";
import { rootKey } from "@blockwise/random";
import type { DataSourceV1 } from "@blockwise/spec";

/** What to read, and how. */
export interface InputWorkload {
  /** A folder of images in class folders, or shards. */
  readonly data: string;
  /** Height and width of the views. */
  readonly size: number;
  readonly batch: number;
  readonly workers: number;
  /** Images timed. */
  readonly count: number;
}

/** How fast images became pairs of views. */
export interface InputSpeed {
  readonly imagesPerSecond: number;
  /** By the processor time of all threads: what others on the machine do matters little. */
  readonly imagesPerCpuSecond: number;
}

/** Reads, decodes and augments images as the paper does, with nobody using the batches. */
export async function timeInput({ data, ...work }: InputWorkload): Promise<InputSpeed> {
  const { train } = await openDataset(data, { images: { storage: "stream" } });
  return timeSource(train, work);
}

/** Augments the images of a source, with nobody using the batches. */
export async function timeSource(
  train: DataSourceV1,
  { size, batch, workers, count }: Omit<InputWorkload, "data">,
): Promise<InputSpeed> {
  const augmentation = barlowTwinsViews({ size });
  const loader = createLoader({ source: train, augmentation, batchSize: batch, key: rootKey(1), workers });
  try {
    // Threads start, and code is compiled.
    for (let warm = 0; warm < workers + 1; warm++) await take(loader, warm, 2);
    const cpu = process.cpuUsage();
    const begin = performance.now();
    let made = 0;
    for (let epoch = 100; made < count; epoch++) made += await take(loader, epoch, (count - made) / batch);
    const seconds = (performance.now() - begin) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    return { imagesPerSecond: made / seconds, imagesPerCpuSecond: made / ((user + system) / 1e6) };
  } finally {
    await loader.close();
  }
}

async function take(
  loader: ReturnType<typeof createLoader>,
  epoch: number,
  batches: number,
): Promise<number> {
  let images = 0;
  let taken = 0;
  for await (const batch of loader.epoch(epoch)) {
    images += batch.indices.length;
    batch.release();
    if (++taken >= batches) break;
  }
  return images;
}
