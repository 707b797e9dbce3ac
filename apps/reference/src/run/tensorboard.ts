import { readFile } from "node:fs/promises";
import type { TrainerCallbackV1 } from "@blockwise/spec";
import { type TensorboardLog, tensorboardLog } from "@blockwise/tensorboard";
import { type PairsRecord, pairPicture, pairsIndex } from "@blockwise/watch";
import type { Reporter } from "../progress/reporter.js";
import type { OpenedRun } from "./open-run.js";
import { readJsonIfThere, runFolder } from "./run-folder.js";

/** A run's event files for TensorBoard. */
export interface TensorboardFiles {
  readonly callbacks: readonly TrainerCallbackV1[];
  /** A reporter whose readings of the online probe go there too. */
  listen(reporter: Reporter): Reporter;
  /** Waits for what is being written. @throws StorageError */
  settle(): Promise<void>;
}

/**
 * Writes a run for TensorBoard where its configuration asks for it, or a folder is named: its numbers, its online probe, and
 * the pairs of views that it records. Null where neither is.
 */
export function openTensorboard(
  { config, data }: OpenedRun,
  folder: string,
  directory: string | null,
): TensorboardFiles | null {
  const files = runFolder(folder);
  if (!config.tensorboard && directory === null) return null;
  const log = tensorboardLog({ directory: directory ?? files.tensorboard });
  let writing: Promise<void> = Promise.resolve();
  return {
    callbacks: [log, pairsOnce(log, files.pairs, data.statistics.channels)],
    listen: (reporter) => ({
      report: (event) => {
        reporter.report(event);
        if (event.event !== "online") return;
        const scalars = Object.fromEntries(
          event.blocks.flatMap(({ block, heldOut, neighbors }) => [
            [`online-probe-pooled/${block}`, heldOut.raw],
            [`online-probe-head/${block}`, heldOut.head],
            [`online-neighbours/${block}`, neighbors],
          ]),
        );
        writing = writing.then(() => log.addScalars(event.step, scalars));
        // Thrown where it is waited for.
        writing.catch(() => undefined);
      },
      end: () => reporter.end(),
    }),
    settle: () => writing,
  };
}

/** Adds the pictures of a run that begins. */
function pairsOnce(log: TensorboardLog, folder: string, channels: 1 | 3): TrainerCallbackV1 {
  return {
    specificationVersion: "v1",
    kind: "callback",
    id: "tensorboard-pairs",
    options: {},
    onRunStart: async ({ startStep }) => {
      const record = startStep > 0 ? null : await readJsonIfThere<PairsRecord>(pairsIndex(folder));
      if (record === null) return;
      const { width, height, views, images } = record;
      for (const image of images.keys()) {
        for (let view = 0; view < views; view++) {
          const png = await readFile(pairPicture(folder, image, view));
          await log.addImage(0, { tag: `pairs/${image}/view-${view + 1}`, width, height, channels, png });
        }
      }
    },
  };
}
