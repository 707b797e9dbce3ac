import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { createEngine } from "@blockwise/engine";
import { warmupCosine } from "@blockwise/optim";
import type { EngineV1, TrainerCallbackV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { plainView, tinyImages } from "../__fixtures__/tiny-images.js";
import { differences, scaledLoss, tinyOptions, valuesOf } from "../__fixtures__/tiny-network.js";
import { callbackOf, stopAfter, tinyRun } from "../__fixtures__/tiny-run.js";
import { latestCheckpoint } from "../checkpoint/checkpoints.js";
import { createTrainer, type Trainer, type TrainerOptions } from "./trainer.js";

let engine: EngineV1;
let directory: string;
const trainers: Trainer[] = [];
/** All worker threads that a test started. */
const threads: Worker[] = [];
const noteThread = (message: unknown): void => void threads.push((message as { worker: Worker }).worker);

beforeAll(async () => {
  engine = await createEngine({ name: "wasm" });
  subscribe("worker_threads", noteThread);
});
afterAll(() => unsubscribe("worker_threads", noteThread));
beforeEach(async () => {
  threads.length = 0;
  directory = await mkdtemp(join(tmpdir(), "blockwise-trainer-"));
});
afterEach(async () => {
  for (const trainer of trainers.splice(0)) trainer.dispose();
  await rm(directory, { recursive: true, force: true });
});

function makeTrainer(changes: Partial<TrainerOptions> = {}): Trainer {
  const trainer = createTrainer({ ...tinyRun(engine), ...changes });
  trainers.push(trainer);
  return trainer;
}

/** A callback that writes down what happens. */
function journal(lines: string[], extra: Partial<TrainerCallbackV1> = {}): TrainerCallbackV1 {
  return callbackOf({
    onRunStart: ({ startStep, stepCount, blocks }) =>
      void lines.push(`start ${startStep}/${stepCount} ${blocks.join(" ")}`),
    onStepEnd: ({ step, epoch }) => void lines.push(`step ${step} of epoch ${epoch}`),
    onEpochEnd: ({ epoch, step }) => void lines.push(`epoch ${epoch} at ${step}`),
    onCheckpoint: ({ step, path }) => void lines.push(`checkpoint ${step} ${path.slice(-13)}`),
    onRunEnd: ({ step, interrupted }) => void lines.push(`end ${step} ${interrupted}`),
    ...extra,
  });
}

describe("a run", () => {
  it("goes through epochs of whole batches and tells callbacks in order", async () => {
    const lines: string[] = [];
    const trainer = makeTrainer({
      callbacks: [journal(lines)],
      checkpoints: { directory, everySteps: 2, keep: 1 },
    });
    expect(trainer.stepCount).toBe(6);
    const result = await trainer.run();
    expect(lines).toEqual([
      "start 0/6 layer1 layer2 layer3",
      "step 0 of epoch 0",
      "step 1 of epoch 0",
      "checkpoint 2 step-00000002",
      "step 2 of epoch 0",
      "epoch 0 at 3",
      "step 3 of epoch 1",
      "checkpoint 4 step-00000004",
      "step 4 of epoch 1",
      "step 5 of epoch 1",
      "epoch 1 at 6",
      "checkpoint 6 step-00000006",
      "end 6 false",
    ]);
    expect(result).toMatchObject({
      step: 6,
      stepCount: 6,
      interrupted: false,
      skippedSteps: { layer1: 0, layer2: 0, layer3: 0 },
    });
    expect(result.seconds).toBeGreaterThan(0);
    expect(result.pairsPerSecond).toBeCloseToTensor(36 / result.seconds, { relative: 1e-6 });
    expect(result.dataWaitShare).toBeGreaterThanOrEqual(0);
    expect(result.dataWaitShare).toBeLessThanOrEqual(1);
    expect(await readdir(directory)).toEqual(["step-00000006"]);
  });

  it("tells each step's losses, rate and progress", async () => {
    const events: Parameters<NonNullable<TrainerCallbackV1["onStepEnd"]>>[0][] = [];
    await makeTrainer({
      maxSteps: 2,
      callbacks: [journal([], { onStepEnd: (event) => void events.push(event) })],
    }).run();
    const schedule = warmupCosine({ baseLearningRate: 0.3, warmupSteps: 2 });
    expect(events.map(({ blocks }) => blocks[1]?.learningRate)).toEqual(
      [0, 1].map((step) => schedule.learningRate({ step, stepCount: 2 })),
    );
    for (const { blocks, pairsPerSecond, secondsLeft } of events) {
      expect(blocks.map(({ block }) => block)).toEqual(["layer1", "layer2", "layer3"]);
      for (const { loss, terms } of blocks) expect([loss, ...Object.values(terms)]).toBeFinite();
      expect(pairsPerSecond).toBeGreaterThan(0);
      expect(secondsLeft).toBeGreaterThanOrEqual(0);
    }
    expect(events.at(-1)?.secondsLeft).toBe(0);
  });

  it("ends after maxSteps, in the middle of an epoch or beyond it", async () => {
    expect(makeTrainer({ maxSteps: 100 }).stepCount).toBe(6);
    const trainer = makeTrainer({ maxSteps: 4 });
    expect(await trainer.run()).toMatchObject({ step: 4, stepCount: 4, interrupted: false });
    expect(trainer.network.learners[0]?.counters.updateCount).toBe(4);
  });

  it("gives the same weights with any number of loader workers", async () => {
    const values = [];
    for (const workers of [0, 1, 2]) {
      const trainer = makeTrainer({ workers, maxSteps: 4 });
      await trainer.run();
      values.push(valuesOf(trainer.network));
    }
    const [none = {}, ...others] = values;
    for (const other of others) expect(differences(none, other)).toEqual([]);
  });

  it("gives other weights with another seed", async () => {
    const [first, second] = [makeTrainer({ maxSteps: 1 }), makeTrainer({ maxSteps: 1, seed: 2 })];
    await first.run();
    await second.run();
    expect(differences(valuesOf(first.network), valuesOf(second.network))).toContain(
      "parameters:conv1.weight",
    );
  });

  it("leaves no tensor behind", async () => {
    await expect(async () => {
      const trainer = makeTrainer({ maxSteps: 2, source: { ...tinyImages(20) } });
      await trainer.run();
      trainer.dispose();
      trainers.pop();
    }).toLeakNoTensors();
  });
});

describe("a resumed run", () => {
  it.each([2, 3, 4])(
    "interrupted after step %i, ends bit for bit where a straight run ends",
    async (steps) => {
      const straight = makeTrainer();
      await straight.run();
      const checkpoints = { directory };
      const interrupted = makeTrainer({ checkpoints, ...stopAfter(steps) });
      expect(await interrupted.run()).toMatchObject({ step: steps, stepCount: 6, interrupted: true });
      expect(await latestCheckpoint(directory)).toBe(join(directory, `step-0000000${steps}`));

      const lines: string[] = [];
      // Workers and callbacks may change.
      const resumed = makeTrainer({ checkpoints, workers: 1, callbacks: [journal(lines)] });
      expect(await resumed.resume("latest")).toBe(steps);
      expect(await resumed.run()).toMatchObject({ step: 6, interrupted: false });
      expect(lines[0]).toBe(`start ${steps}/6 layer1 layer2 layer3`);
      expect(lines[1]).toBe(`step ${steps} of epoch ${Math.floor(steps / 3)}`);
      expect(differences(valuesOf(straight.network), valuesOf(resumed.network))).toEqual([]);
      expect(resumed.network.learners.map(({ counters }) => counters)).toEqual(
        straight.network.learners.map(({ counters }) => counters),
      );
    },
  );

  it("may be named by its path, and begins anew where there is no latest", async () => {
    const checkpoints = { directory };
    const trainer = makeTrainer({ checkpoints });
    expect(await trainer.resume("latest")).toBe(0);
    await makeTrainer({ checkpoints, ...stopAfter(1) }).run();
    expect(await trainer.resume(join(directory, "step-00000001"))).toBe(1);
  });

  it("needs a folder to look for the latest in", async () => {
    await expect(makeTrainer().resume("latest")).rejects.toThrow(
      expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option: "checkpoints" }),
    );
  });

  it.each<[string, Partial<TrainerOptions>]>([
    ["seed", { seed: 2 }],
    ["epochs", { epochs: 3 }],
    ["batchSize", { batchSize: 5 }],
    ["noise", { noise: null }],
    ["noise", { noise: ({ index }) => (index === 0 ? null : { kind: "all", standardDeviation: 0.25 }) }],
    ["partition", { partition: "end-to-end" }],
    ["skipLimit", { skipLimit: 3 }],
    ["stepCount", { maxSteps: 5 }],
    ["source.options.size", { source: tinyImages(21) }],
    [
      "schedule.options.baseLearningRate",
      { schedule: warmupCosine({ baseLearningRate: 0.2, warmupSteps: 2 }) },
    ],
  ])("is refused with another %s, by name", async (field, changes) => {
    const checkpoints = { directory };
    await makeTrainer({ checkpoints, ...stopAfter(1) }).run();
    const other = makeTrainer({ checkpoints, ...changes });
    await expect(other.resume("latest")).rejects.toThrow(
      expect.objectContaining({
        code: "BLOCKWISE_CHECKPOINT",
        message: expect.stringContaining(`"${field}`),
      }),
    );
  });
});

describe("a run that fails", () => {
  it("goes on while one block learns, and ends when all have stopped", async () => {
    const lines: string[] = [];
    const trainer = makeTrainer({
      loss: scaledLoss(({ block, step }) => (step >= block ? Number.NaN : 1)),
      skipLimit: 2,
      callbacks: [journal(lines)],
    });
    await expect(trainer.run()).rejects.toThrow(
      expect.objectContaining({
        code: "BLOCKWISE_NON_FINITE_VALUE",
        block: "layer1, layer2, layer3",
        step: 3,
        message: expect.stringContaining("Lower the learning rate"),
      }),
    );
    expect(lines.at(-1)).toBe("epoch 0 at 3");
  });

  it.each(["onRunStart", "onStepEnd", "onEpochEnd", "onCheckpoint", "onRunEnd"] as const)(
    "through %s, closes the loader and throws the callback's error",
    async (method) => {
      const thrown = new Error(`No ${method}.`);
      const trainer = makeTrainer({
        workers: 1,
        checkpoints: { directory },
        maxSteps: 3,
        callbacks: [journal([], { [method]: () => Promise.reject(thrown) })],
      });
      await expect(trainer.run()).rejects.toBe(thrown);
      expect(threads.length).toBeGreaterThan(0);
      expect(threads.every(hasEnded)).toBe(true);
    },
  );

  it("leaves no thread and no tensor where wiring fails, or where it is disposed of before it ran", async () => {
    const before = tf.memory().numTensors;
    expect(() => makeTrainer({ workers: 1, backbone: tinyOptions.backbone, partition: 9 })).toThrow();
    expect(() => makeTrainer({ workers: 1, batchSize: 21 })).toThrow();
    const labelled = tinyOptions.loss;
    if (typeof labelled === "function") throw new Error("One loss for all blocks.");
    const loss = { ...labelled, capabilities: { ...labelled.capabilities, views: 3 } };
    expect(() => makeTrainer({ workers: 1, loss })).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option: "augmentation" }),
    );
    makeTrainer({ workers: 1 }).dispose();
    trainers.pop();
    expect(tf.memory().numTensors).toBe(before);
    expect(threads.length).toBeGreaterThan(0);
    await expect.poll(() => threads.every(hasEnded)).toBe(true);
  });

  it.each<[string, Partial<Record<keyof TrainerOptions, unknown>>, string]>([
    ["no epochs", { epochs: 0 }, "epochs"],
    ["half a batch", { batchSize: 2.5 }, "batchSize"],
    ["a batch of one", { batchSize: 1 }, "batchSize"],
    ["more images a batch than there are", { batchSize: 21 }, "batchSize"],
    ["no steps", { maxSteps: 0 }, "maxSteps"],
    ["no checkpoint kept", { checkpoints: { directory: "x", keep: 0 } }, "checkpoints.keep"],
    ["checkpoints at no step", { checkpoints: { directory: "x", everySteps: 0 } }, "checkpoints.everySteps"],
    ["views of another number", { augmentation: plainView() }, "augmentation"],
    ["no images", { source: tinyImages(0) }, "source"],
    ["half a worker", { workers: 0.5 }, "workers"],
  ])("refuses %s", (_, changes, option) => {
    expect(() => makeTrainer(changes as Partial<TrainerOptions>)).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option }),
    );
  });

  it("refuses plugins that are none", () => {
    for (const field of ["source", "augmentation", "schedule", "optimizer"] as const) {
      expect(() => makeTrainer({ [field]: {} })).toThrow(
        expect.objectContaining({ code: "BLOCKWISE_INCOMPATIBLE_SPEC_VERSION" }),
      );
    }
    expect(() => makeTrainer({ callbacks: [{} as TrainerCallbackV1] })).toThrow(
      expect.objectContaining({ expected: "callback v1" }),
    );
  });

  it("refuses views of other channels than the backbone's", () => {
    expect(() =>
      makeTrainer({
        augmentation: { ...plainView(), views: 2, shape: { height: 8, width: 8, channels: 1 } },
      }),
    ).toThrow(expect.objectContaining({ code: "BLOCKWISE_SHAPE_MISMATCH", received: [8, 8, 1] }));
  });
});

function hasEnded({ threadId }: Worker): boolean {
  return threadId === -1;
}
