import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine } from "@blockwise/engine";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { crossEntropy } from "@blockwise/loss-cross-entropy";
import { lookAhead } from "@blockwise/loss-look-ahead";
import { simclr } from "@blockwise/loss-simclr";
import { vicreg } from "@blockwise/loss-vicreg";
import type { BlockFeaturesV1, BlockStepV1, EngineV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { sharedRun, threadedRun } from "../__fixtures__/block-worker-run.js";
import { differences, valuesOf } from "../__fixtures__/tiny-network.js";
import { callbackOf, stopAfter, tinyRun } from "../__fixtures__/tiny-run.js";
import { perBlock } from "../combinators/per-block.js";
import { createTrainer, type TrainerOptions, type TrainingResult } from "../trainer/trainer.js";

let engine: EngineV1;
let directory: string;
beforeAll(async () => {
  engine = await createEngine({ name: "wasm" });
});
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "blockwise-parts-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

interface Trained {
  readonly values: Record<string, Float32Array>;
  readonly reports: readonly (readonly BlockStepV1[])[];
  readonly result: TrainingResult;
}

/** Trains for three steps or as told, from the newest checkpoint where there is one. */
async function trained(options: TrainerOptions): Promise<Trained> {
  const reports: (readonly BlockStepV1[])[] = [];
  const callbacks = [callbackOf({ onStepEnd: ({ blocks }) => void reports.push(blocks) })];
  const trainer = createTrainer({
    maxSteps: 3,
    ...options,
    callbacks: [...callbacks, ...(options.callbacks ?? [])],
  });
  try {
    if (options.checkpoints) await trainer.resume("latest");
    const result = await trainer.run();
    return { values: valuesOf(trainer.network), reports, result };
  } finally {
    trainer.dispose();
  }
}

/** The largest `|a - b| / |b|` over tensors of such names, by their l2 norms, and whose it is. */
function furthest(
  a: Trained,
  b: Trained,
  wanted: RegExp,
): { readonly name: string; readonly distance: number } {
  const norm = (values: Iterable<number>): number => Math.hypot(...values);
  return Object.entries(b.values)
    .filter(([name]) => wanted.test(name))
    .map(([name, values]) => {
      const difference = values.map((value, index) => value - (a.values[name]?.[index] ?? Number.NaN));
      return { name, distance: norm(difference) / (norm(values) || 1) };
    })
    .reduce((most, next) => (next.distance <= most.distance ? most : next));
}

/** The same but for rounding. Momenta are of gradients, some of which nearly cancel. */
function expectClose(parts: Trained, straight: Trained): void {
  for (const [wanted, bound] of [
    [/^(parameters|buffers):/, 1e-5],
    [/^optimizer:/, 1e-3],
  ] as const) {
    const { name, distance } = furthest(parts, straight, wanted);
    expect(distance, name).toBeLessThan(bound);
  }
  const losses = ({ reports }: Trained): number[] => reports.flat().map(({ loss }) => loss);
  expect(losses(parts)).toHaveLength(losses(straight).length);
  for (const [index, loss] of losses(straight).entries()) {
    expect(Math.abs((losses(parts)[index] ?? Number.NaN) / loss - 1)).toBeLessThan(1e-5);
  }
}

const barlow = barlowTwins({ scale: 0.1 });

describe("parts of a batch in threads", { timeout: 120_000 }, () => {
  it("learn as one thread does but for rounding, and the same again, bit for bit", async () => {
    const before = tf.memory().numTensors;
    const straight = await trained(tinyRun(engine));
    const parts = await trained(sharedRun(engine, 2));
    expectClose(parts, straight);
    const [first, other] = [straight, parts].map(({ reports }) => reports[0]?.[0]?.health);
    for (const meter of ["effectiveRank", "gradientNorm", "trustRatio"] as const) {
      expect(other?.[meter]).toBeCloseTo(first?.[meter] ?? Number.NaN, 4);
    }
    const again = await trained(sharedRun(engine, 2));
    expect(differences(again.values, parts.values)).toEqual([]);
    expect(again.reports).toEqual(parts.reports);
    expect(parts.result.blockWorkers?.map(({ blocks }) => blocks.length)).toEqual([3, 3]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    ["mixed", perBlock([simclr(), vicreg(), crossEntropy()])],
    ["look-ahead", perBlock([lookAhead({ loss: barlow }), barlow, barlow])],
  ] as const)("learn from %s losses, in three threads", async (name, loss) => {
    const straight = await trained({ ...tinyRun(engine), loss });
    expectClose(await trained({ ...sharedRun(engine, 3, { loss: name }), loss }), straight);
  });

  it("share units where blocks overlap", async () => {
    const partition = [
      ["stem", "layer1.0", "layer2.0"],
      ["layer2.0", "layer3.0"],
    ];
    const straight = await trained({ ...tinyRun(engine), partition });
    expectClose(await trained({ ...sharedRun(engine, 2), partition }), straight);
  });

  it("go on from one thread's checkpoint, and one thread from theirs", async () => {
    const straight = await trained(tinyRun(engine));
    for (const [folder, begin, end] of [
      ["parts-first", sharedRun(engine, 2), tinyRun(engine)],
      ["parts-last", tinyRun(engine), sharedRun(engine, 2)],
    ] as const) {
      const checkpoints = { directory: join(directory, folder), everySteps: 1 };
      const { result } = await trained({ ...begin, checkpoints, ...stopAfter(1) });
      expect(result.interrupted).toBe(true);
      const resumed = await trained({ ...end, checkpoints });
      expect(resumed.reports).toHaveLength(3 - result.step);
      expectClose(resumed, { ...straight, reports: straight.reports.slice(result.step) });
    }
  });

  it("learn one block after the other, and keep and read frozen outputs", async () => {
    const changes = { timetable: "sequential", maxSteps: 2 } as const;
    const straight = await trained({ ...tinyRun(engine), ...changes });
    const frozenOutputs = { directory: join(directory, "frozen"), budgetBytes: 1e9 };
    const parts = await trained({ ...sharedRun(engine, 2), ...changes, frozenOutputs });
    expectClose(parts, straight);
    expect(parts.result.frozenOutputs).toMatchObject({ read: 2, written: 2 });
  });

  it("show the features of the whole batch", async () => {
    const seen = async (options: TrainerOptions): Promise<readonly (readonly number[])[]> => {
      const shapes: (readonly number[])[] = [];
      const onBlockFeatures = ({ map, feature, labels }: BlockFeaturesV1) =>
        void shapes.push([map.shape, feature.shape, labels?.shape ?? []].flat());
      await trained({ ...options, maxSteps: 1, callbacks: [callbackOf({ onBlockFeatures })] });
      return shapes;
    };
    expect(await seen(sharedRun(engine, 2))).toEqual(await seen(tinyRun(engine)));
  });

  it("end the run when one of them dies while the others wait for it", async () => {
    const checkpoints = { directory, everySteps: 1 };
    const fails = { how: "exit", worker: 1, block: 2, step: 2 };
    await expect(trained({ ...sharedRun(engine, 2, { fails }), checkpoints })).rejects.toMatchObject({
      code: "BLOCKWISE_BLOCK_WORKER",
      worker: 1,
      blocks: ["layer1", "layer2", "layer3"],
      block: "layer3",
      step: 2,
    });
    const resumed = await trained({ ...sharedRun(engine, 2), checkpoints });
    expect(resumed.result.step).toBe(3);
  });
});

it("parts of a batch are refused where a run cannot have them", () => {
  const { blockWorkers } = threadedRun(engine, 2);
  for (const [changes, option] of [
    [{ batchSize: 5 }, "batchWorkers"],
    [{ batchSize: 2 }, "batchWorkers"],
    [{ blockWorkers }, "batchWorkers"],
    [{ batchWorkers: { count: 1, recipe: blockWorkers?.recipe } }, "batchWorkers"],
    [{ batchWorkers: { count: 2, recipe: { module: "some-package" } } }, "batchWorkers.recipe"],
  ] as const) {
    const options = { ...sharedRun(engine, 2), ...changes } as TrainerOptions;
    expect(() => createTrainer(options)).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option }),
    );
  }
});
