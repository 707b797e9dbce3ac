import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openDataset } from "@blockwise/data";
import { startProcess } from "../compare/measured-process.js";
import { randomImages } from "../random-images.js";
import { median } from "../time-steps.js";
import { timeSource } from "./time-input.js";

/** What to augment, and how often. */
export interface AugmentWork {
  /** Images in class folders, which are read and decoded each time; null for images of noise in memory, as large as the views. */
  readonly data: string | null;
  /** Height and width of the views. */
  readonly size: number;
  readonly batch: number;
  /** Images a side in each round. */
  readonly count: number;
  readonly rounds: number;
}

/** What `bench augment --json` prints. */
export interface AugmentComparison extends AugmentWork {
  /** Images a second of processor time, two views each: median over the rounds. */
  readonly imagesPerCpuSecond: number;
  readonly peers: readonly {
    readonly description: string;
    readonly imagesPerCpuSecond: number;
    /** Ours over the peer's, round by round. */
    readonly ratio: { readonly median: number; readonly least: number; readonly most: number };
  }[];
}

/**
 * Makes the paper's two views of images on one core, ours and torchvision's in turn.
 *
 * @param pythons - with torchvision; each is compared with
 * @throws EngineUnavailableError when one has none.
 */
export async function compareAugment(
  work: AugmentWork,
  pythons: readonly string[],
): Promise<AugmentComparison> {
  const folder = await mkdtemp(join(tmpdir(), "blockwise-augment-"));
  try {
    return await compareIn(folder, work, pythons);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compareIn(
  folder: string,
  work: AugmentWork,
  pythons: readonly string[],
): Promise<AugmentComparison> {
  const { data, size, batch, count, rounds } = work;
  const raw = join(folder, "images");
  const source =
    data === null
      ? randomImages(IMAGES_IN_MEMORY, size)
      : (await openDataset(data, { images: { storage: "stream" } })).train;
  if (source.store.kind === "packed") await writeFile(raw, source.store.pixels);
  const from = data === null ? ["--raw", raw, "--side", String(size)] : ["--folder", data];
  const words = [SCRIPT, "--size", String(size), "--batch", String(batch), ...from];
  const peers = pythons.map((python) => ({
    process: startProcess(`torchvision (${python})`, python, words),
    speeds: [] as number[],
  }));
  const ours: number[] = [];
  try {
    const descriptions: string[] = [];
    for (const { process } of peers) {
      descriptions.push((await process.ask<{ readonly description: string }>(null)).description);
    }
    // Code is compiled.
    await timeSource(source, { size, batch, workers: 0, count });
    for (let round = 0; round < rounds; round++) {
      ours.push((await timeSource(source, { size, batch, workers: 0, count })).imagesPerCpuSecond);
      for (const { process, speeds } of peers) {
        speeds.push(
          (await process.ask<{ readonly imagesPerCpuSecond: number }>(`images ${count}`)).imagesPerCpuSecond,
        );
      }
    }
    return {
      ...work,
      imagesPerCpuSecond: median(ours),
      peers: peers.map(({ speeds }, index) => {
        const ratios = speeds.map((speed, round) => (ours[round] as number) / speed);
        return {
          description: descriptions[index] as string,
          imagesPerCpuSecond: median(speeds),
          ratio: { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) },
        };
      }),
    };
  } finally {
    for (const { process } of peers) await process.close();
  }
}

/** A table for people. */
export function augmentTable({ data, size, imagesPerCpuSecond, peers }: AugmentComparison): string {
  const from = data === null ? "from memory" : `decoded from ${data}`;
  return [
    `two views at ${size} px, ${from}, images a second of processor time: ${imagesPerCpuSecond.toFixed(0)}`,
    ...peers.map(
      ({ description, imagesPerCpuSecond: speed, ratio }) =>
        `${description}: ${speed.toFixed(0)}; ours is ${ratio.median.toFixed(2)}x (${ratio.least.toFixed(2)}-${ratio.most.toFixed(2)})`,
    ),
  ].join("\n");
}

const SCRIPT = fileURLToPath(new URL("../torch/augment.py", import.meta.url));
const IMAGES_IN_MEMORY = 2048;
