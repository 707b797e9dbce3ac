import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import type { FeatureMapLine } from "../record/feature-map.js";
import { type PairsRecord, pairPicture, pairsIndex } from "../record/pairs-record.js";
import type { ProgressLine } from "../record/progress-log.js";
import { type RunFiles, runFiles } from "../record/run-files.js";
import type { LoggedStep } from "../record/step-log.js";

/** Blocks of the example. */
const exampleBlocks = ["layer1", "layer2", "layer3"];

/** Options of {@link writeExampleRun}. */
export interface ExampleOptions {
  readonly steps: number;
  readonly stepCount: number;
  /** @default 1 */
  readonly secondsAStep?: number;
  /** Whether the run has ended. @default true */
  readonly hasEnded?: boolean;
}

/** The example run's step `step`. */
export function exampleStep(step: number): LoggedStep {
  const by = <T>(value: (index: number) => T): Record<string, T> =>
    Object.fromEntries(exampleBlocks.map((block, index) => [block, value(index)]));
  const loss = (index: number): number => (5 + index) * Math.exp(-step / 60) + 1 + 0.2 * Math.sin(step * (index + 1));
  return {
    step,
    learningRate: by(() => 0.001),
    loss: by(loss),
    terms: by((index) => ({ invariance: 0.8 * loss(index), redundancy: 0.2 * loss(index) })),
    embeddingDeviation: by((index) => 0.08 + 0.002 * index),
    ...(step % 10 === 0
      ? {
          health: by((index) => ({
            effectiveRank: 30 - index,
            meanAbsoluteCorrelation: 0.5,
            gradientNorm: 2,
            weightNorm: 20,
            trustRatio: 0.01,
          })),
        }
      : {}),
    ...(step === 10
      ? { warnings: [{ block: "layer1", kind: "low-rank", measured: 1, threshold: 2, message: "layer1 <b>is low</b>." }] }
      : {}),
  };
}

/** Writes the files of a run that was made up. */
export async function writeExampleRun(folder: string, options: ExampleOptions): Promise<RunFiles> {
  const { steps, stepCount, secondsAStep = 1, hasEnded = true } = options;
  const files = runFiles(folder);
  mkdirSync(files.pairs, { recursive: true });
  writeFileSync(join(folder, "config.json"), JSON.stringify({ batchSize: 64, evaluation: { online: null } }));
  writeFileSync(join(folder, "input.json"), JSON.stringify({ description: "640 made-up images" }));
  const start = Date.now() - steps * secondsAStep * 1000;
  const progress = (line: ProgressLine): void => appendFileSync(files.progress, `${JSON.stringify(line)}\n`);
  progress({ event: "start", time: start, step: 0, stepCount, blocks: exampleBlocks });
  const log: string[] = [];
  for (let step = 0; step < steps; step++) {
    log.push(`${JSON.stringify(exampleStep(step))}\n`);
    progress({
      event: "progress",
      time: start + (step + 1) * secondsAStep * 1000,
      step: step + 1,
      epoch: 0,
      phase: null,
      pairsPerSecond: 64 / secondsAStep,
      dataWaitShare: 0.02,
      secondsLeft: (stepCount - step - 1) * secondsAStep,
      memoryBytes: 3e8,
    });
  }
  appendFileSync(files.log, log.join(""));
  if (hasEnded) {
    progress({ event: "end", time: Date.now(), step: steps, interrupted: steps < stepCount });
    const record = { complete: steps === stepCount, step: steps, stepCount, seconds: steps * secondsAStep };
    writeFileSync(join(folder, "training.json"), JSON.stringify({ ...record, pairsPerSecond: 64 }));
  }
  for (const step of [0, 10, 20]) {
    const blocks = exampleBlocks.map((block, index) => ({ block, raw: 40 + step + index, head: 41, neighbors: 39 }));
    const reading = blocks.map(({ block, raw, head, neighbors }) => ({ block, heldOut: { raw, head }, neighbors }));
    if (step > 0) appendFileSync(files.online, `${JSON.stringify({ step, blocks: reading })}\n`);
    appendFileSync(files.maps, `${JSON.stringify(exampleMap(step))}\n`);
  }
  writeFileSync(
    files.mapImages,
    JSON.stringify({ labels: [0, 1, 0, 1], classNames: ["cat", "dog"], description: "4 images" }),
  );
  const record: PairsRecord = { views: 2, width: 8, height: 8, images: [{ index: 3, className: "cat" }] };
  writeFileSync(pairsIndex(files.pairs), JSON.stringify(record));
  for (const view of [0, 1]) {
    const pixels = Buffer.alloc(64 * 3, 90 * (view + 1));
    const image = sharp(pixels, { raw: { width: 8, height: 8, channels: 3 } });
    writeFileSync(pairPicture(files.pairs, 0, view), await image.png().toBuffer());
  }
  return files;
}

function exampleMap(step: number): FeatureMapLine {
  const spread = 1 + step / 10;
  return {
    step,
    blocks: exampleBlocks.map((block) => ({
      block,
      points: [spread, 0, -spread, 0.5, spread, 1, -spread, -1.5],
      explained: [0.7, 0.2],
    })),
  };
}
