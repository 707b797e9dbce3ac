import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resnet } from "@blockwise/backbone-resnet";
import { createEngine } from "@blockwise/engine";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { crossEntropy } from "@blockwise/loss-cross-entropy";
import { lookAhead } from "@blockwise/loss-look-ahead";
import type { BlockStepV1, EngineV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { threadedRun } from "../__fixtures__/block-worker-run.js";
import { differences, valuesOf } from "../__fixtures__/tiny-network.js";
import { callbackOf, stopAfter, tinyRun } from "../__fixtures__/tiny-run.js";
import { latestCheckpoint } from "../checkpoint/checkpoints.js";
import { perBlock } from "../combinators/per-block.js";
import { weightedSum } from "../combinators/weighted-sum.js";
import { createTrainer, type TrainerOptions, type TrainingResult } from "../trainer/trainer.js";

let engine: EngineV1;
let directory: string;
beforeAll(async () => {
  engine = await createEngine({ name: "wasm" });
});
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "blockwise-workers-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

interface Trained {
  readonly values: Record<string, Float32Array>;
  readonly reports: readonly (readonly BlockStepV1[])[];
  readonly result: TrainingResult;
}

/** Trains, from the newest checkpoint where there is one. */
async function trained(options: TrainerOptions): Promise<Trained> {
  const reports: (readonly BlockStepV1[])[] = [];
  const callbacks = [callbackOf({ onStepEnd: ({ blocks }) => void reports.push(blocks) })];
  const trainer = createTrainer({ ...options, callbacks: [...callbacks, ...(options.callbacks ?? [])] });
  try {
    if (options.checkpoints) await trainer.resume("latest");
    const result = await trainer.run();
    return { values: valuesOf(trainer.network), reports, result };
  } finally {
    trainer.dispose();
  }
}

function expectSame(threaded: Trained, straight: Trained): void {
  expect(differences(threaded.values, straight.values)).toEqual([]);
  expect(threaded.reports).toEqual(straight.reports);
}

/** All bytes of the newest checkpoint. */
async function savedIn(folder: string): Promise<readonly Buffer[]> {
  const path = (await latestCheckpoint(folder)) ?? "";
  return Promise.all(["tensors.safetensors", "run.json"].map((file) => readFile(join(path, file))));
}

/** A backbone of four units. */
const fourUnits = {
  backbone: resnet({ depth: { unit: "basic", unitCounts: [1, 1, 2] }, width: 4, stem: "cifar" }),
} as const;

describe("blocks in threads of their own", () => {
  it.each([
    { partition: "stages" as const, placements: [1, 3, [[0], [1, 2]]] },
    { partition: [["stem", "layer1.0", "layer2.0"], ["layer3.0"]], placements: [2] },
  ])("learn as in one, bit for bit: $placements of $partition", async ({ partition, placements }) => {
    const straight = await trained({ ...tinyRun(engine), partition });
    for (const placement of placements) {
      expectSame(await trained({ ...threadedRun(engine, placement), partition }), straight);
    }
  });

  it("learn as in one, bit for bit: four on 2 and on 3", async () => {
    const changes = { ...fourUnits, partition: "units", meters: { everySteps: 2 } } as const;
    const straight = await trained({ ...tinyRun(engine), ...changes });
    expect(straight.reports[0]).toHaveLength(4);
    for (const placement of [2, 3]) {
      const threaded = await trained({ ...threadedRun(engine, placement, { units: 2 }), ...changes });
      expectSame(threaded, straight);
    }
  });

  it("write the same checkpoints, byte for byte, and go on from those of any other number of threads", async () => {
    const straightFolder = join(directory, "straight");
    const at = (folder: string) => ({ checkpoints: { directory: folder, everySteps: 2, keep: 3 } });
    await trained({ ...tinyRun(engine), ...at(straightFolder) });
    const expected = await savedIn(straightFolder);
    const folder = join(directory, "threaded");
    const interrupted = await trained({ ...threadedRun(engine, 2), ...at(folder), ...stopAfter(1) });
    expect(interrupted.result.interrupted).toBe(true);
    const { step } = interrupted.result;
    expect(step).toBeLessThan(6);
    const twice = await trained({ ...threadedRun(engine, 3), ...at(folder), maxSteps: null });
    expect(twice.reports).toHaveLength(6 - step);
    expect(await savedIn(folder)).toEqual(expected);
    // From the threads' checkpoint in the middle, in one thread.
    await rm(join(folder, "step-00000006"), { recursive: true });
    await trained({ ...tinyRun(engine), ...at(folder) });
    expect(await savedIn(folder)).toEqual(expected);
  });

  it.each([
    { title: "one after the other", timetable: "sequential" as const },
    { title: "in windows", timetable: { starts: [0, 0.25, 0.5], stops: [0.5, 0.75, 1] } },
  ])("learn $title as in one thread, bit for bit", async ({ timetable }) => {
    const changes = { timetable, maxSteps: 4 };
    const straight = await trained({ ...tinyRun(engine), ...changes });
    expectSame(await trained({ ...threadedRun(engine, 2), ...changes }), straight);
  });

  it("keep and read frozen outputs", async () => {
    const changes = { timetable: "sequential", maxSteps: 3 } as const;
    const straight = await trained({ ...tinyRun(engine), ...changes });
    const frozenOutputs = { directory: join(directory, "frozen"), budgetBytes: 1e9 };
    // The second thread begins at its second block, too.
    const threaded = await trained({ ...threadedRun(engine, [[0], [1, 2]]), ...changes, frozenOutputs });
    expectSame(threaded, straight);
    expect(threaded.result.frozenOutputs).toEqual({ read: 3, written: 3, damaged: 0, missing: 0 });
  });

  it("learn with labels from weighted sums, and with a loss that looks at the next block of its thread", async () => {
    const barlow = barlowTwins({ scale: 0.1 });
    const labelled = weightedSum([
      { weight: 1, loss: barlow },
      { weight: 0.5, loss: crossEntropy() },
    ]);
    const looking = perBlock([lookAhead({ loss: barlow }), barlow, barlow]);
    for (const [name, loss] of [
      ["labelled", labelled],
      ["look-ahead", looking],
    ] as const) {
      const changes = { loss, maxSteps: 3 };
      const straight = await trained({ ...tinyRun(engine), ...changes });
      expectSame(await trained({ ...threadedRun(engine, 2, { loss: name }), ...changes }), straight);
    }
  });

  it("show their features to callbacks in order, and the network where one says that it reads it", async () => {
    const watch = (lines: unknown[]) =>
      callbackOf({
        onBlockFeatures: ({ block, map, feature, labels }) => {
          const sums = [map, feature, labels].map((tensor) => tensor && tf.sum(tensor).dataSync()[0]);
          lines.push([block, ...sums]);
        },
        onStepEnd: ({ step }) => void lines.push(step),
      });
    const reader = (seen: unknown[], network: () => Parameters<typeof valuesOf>[0]) =>
      callbackOf({
        readsNetwork: ({ step }) => step % 2 === 1,
        onStepEnd: ({ step }) => {
          if (step % 2 === 1) seen.push(valuesOf(network()));
        },
      });
    const run = async (options: TrainerOptions): Promise<unknown> => {
      const lines: unknown[] = [];
      const callbacks = [watch(lines), reader(lines, () => trainer.network)];
      const trainer = createTrainer({ ...options, callbacks });
      await trainer.run();
      trainer.dispose();
      return lines;
    };
    expect(await run(threadedRun(engine, 3))).toEqual(await run(tinyRun(engine)));
  });

  it("say who has which blocks and how busy they are, and leave no tensor in the trainer's thread", async () => {
    const notes: string[] = [];
    const before = tf.memory().numTensors;
    const { result } = await trained({
      ...threadedRun(engine, 2),
      callbacks: [callbackOf({ onNote: ({ message }) => void notes.push(message) })],
    });
    expect(tf.memory().numTensors).toBe(before);
    expect(result.blockWorkers?.flatMap(({ blocks }) => blocks)).toEqual(["layer1", "layer2", "layer3"]);
    for (const share of (result.blockWorkers ?? []).map(({ busyShare }) => busyShare)) {
      expect(share).toBeGreaterThan(0);
      expect(share).toBeLessThanOrEqual(1);
    }
    expect(result.dataWaitShare).toBeGreaterThanOrEqual(0);
    expect(result.dataWaitShare).toBeLessThan(1);
    expect(notes[0]).toMatch(/^blocks learn in 2 threads: layer1 .*s a step\) \| /);
  });
});
