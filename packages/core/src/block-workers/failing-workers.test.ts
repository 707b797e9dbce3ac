import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { createEngine } from "@blockwise/engine";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import type { BlockWorkerError, EngineV1, JsonObject } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { threadedRun } from "../__fixtures__/block-worker-run.js";
import { scaledLoss, valuesOf } from "../__fixtures__/tiny-network.js";
import { callbackOf, tinyRun } from "../__fixtures__/tiny-run.js";
import { latestCheckpoint } from "../checkpoint/checkpoints.js";
import { createTrainer, type Trainer, type TrainerOptions } from "../trainer/trainer.js";

let engine: EngineV1;
let directory: string;
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
  directory = await mkdtemp(join(tmpdir(), "blockwise-failing-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Runs into its error, and checks that nothing is left behind. */
async function failureOf(options: TrainerOptions): Promise<unknown> {
  const before = tf.memory().numTensors;
  const trainer = createTrainer(options);
  const failure = await trainer.run().then(
    () => null,
    (error: unknown) => error,
  );
  trainer.dispose();
  expect(tf.memory().numTensors).toBe(before);
  // Threads that have ended have no id any more.
  expect(threads.map(({ threadId }) => threadId)).toEqual(threads.map(() => -1));
  return failure;
}

/** Two threads, saved after each step. The second has layer2 and layer3. */
function run(fails: JsonObject, changes: Partial<TrainerOptions["blockWorkers"]> = {}): TrainerOptions {
  const options = threadedRun(engine, [[0], [1, 2]], { fails });
  return {
    ...options,
    blockWorkers: options.blockWorkers == null ? null : { ...options.blockWorkers, ...changes },
    checkpoints: { directory, everySteps: 1, keep: 10 },
  };
}

async function lastStepSaved(): Promise<number> {
  const path = await latestCheckpoint(directory);
  return path === null ? 0 : JSON.parse(await readFile(join(path, "run.json"), "utf8")).step;
}

describe("a thread that", () => {
  it.each([
    { how: "throw", said: "the loss fell over" },
    { how: "exit", said: "it ended with code 3" },
    { how: "memory", said: "reaching memory limit", resourceLimits: { maxOldGenerationSizeMb: 128 } },
  ])("ends by $how ends the run, says where, and leaves checkpoints to resume", async (ending) => {
    const { how, said, ...limits } = ending;
    const failure = await failureOf(run({ how, block: 2, step: 3 }, limits));
    expect(failure).toMatchObject({
      code: "BLOCKWISE_BLOCK_WORKER",
      worker: 1,
      blocks: ["layer2", "layer3"],
      block: "layer3",
      step: 3,
      message: expect.stringContaining(said),
    });
    expect((failure as BlockWorkerError).message).toContain(
      "Block worker 1 (layer2, layer3) ended at step 3 in block layer3",
    );
    const step = await lastStepSaved();
    expect(step).toBeLessThanOrEqual(3);
    const trainer = createTrainer({ ...tinyRun(engine), checkpoints: { directory } });
    expect(await trainer.resume("latest")).toBe(step);
    expect((await trainer.run()).step).toBe(6);
    trainer.dispose();
  });

  it("is ended from outside while others wait for it ends the run", async () => {
    const flag = join(directory, "asleep");
    const running = failureOf(run({ how: "sleep", block: 1, step: 2, flag }));
    while (!existsSync(flag)) await new Promise((resolve) => setTimeout(resolve, 20));
    await threads[1]?.terminate();
    expect(await running).toMatchObject({
      code: "BLOCKWISE_BLOCK_WORKER",
      worker: 1,
      block: "layer2",
      step: 2,
    });
  });

  it("cannot make its plugins ends the run before its first step", async () => {
    expect(await failureOf(run({ how: "setup" }))).toMatchObject({
      code: "BLOCKWISE_INVALID_OPTION",
      option: "blockWorkers.recipe",
      message: expect.stringMatching(/No network for thread \d of 2\./),
    });
    const recipe = { module: "no-such-package", exportName: "make", options: {} };
    expect(await failureOf(run({}, { recipe }))).toMatchObject({
      option: "blockWorkers.recipe",
      message: expect.stringContaining("no-such-package"),
    });
  });

  it("makes another network than the trainer's ends the run before its first step", async () => {
    const loss = barlowTwins({ scale: 0.2 });
    expect(await failureOf({ ...threadedRun(engine, 2), loss })).toMatchObject({
      code: "BLOCKWISE_INVALID_OPTION",
      option: "blockWorkers.recipe",
      message: expect.stringContaining("loss.options.scale"),
    });
  });
});

describe("a run with blocks in threads", () => {
  it("refuses a recipe without names, and engines of no thread, when it is wired", () => {
    const recipe = { module: "some-package", exportName: "make", options: {} };
    for (const [option, blockWorkers] of [
      ["blockWorkers.recipe", { placement: 2, recipe: { ...recipe, exportName: undefined } }],
      ["blockWorkers.engineThreads", { placement: 2, recipe, engineThreads: 0 }],
      ["blockWorkers", { placement: 9, recipe }],
    ]) {
      const options = { ...tinyRun(engine), blockWorkers } as TrainerOptions;
      expect(() => createTrainer(options)).toThrow(
        expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option }),
      );
    }
  });

  it("ends its threads with the error of a callback", async () => {
    const onStepEnd = (): void => {
      throw new Error("no more room");
    };
    const failure = await failureOf({ ...threadedRun(engine, 2), callbacks: [callbackOf({ onStepEnd })] });
    expect(failure).toMatchObject({ message: "no more room" });
    expect(threads).toHaveLength(2);
  });

  it("shows no old weights to a callback that did not say that it reads them", async () => {
    const onStepEnd = (): void => void valuesOf(trainer.network);
    const trainer = createTrainer({ ...threadedRun(engine, 2), callbacks: [callbackOf({ onStepEnd })] });
    await expect(trainer.run()).rejects.toMatchObject({
      code: "BLOCKWISE_MISSING_STATE",
      missing: "layer1",
      message: expect.stringContaining("readsNetwork"),
    });
    trainer.dispose();
  });

  it("counts the steps that a block skips, and ends where none learns any more, as in one thread", async () => {
    const broken = (from: Trainer): unknown => [
      valuesOf(from.network),
      from.network.learners.map(({ counters }) => counters),
    ];
    const loss = scaledLoss(({ block, step }) => (block === 1 && step >= 2 ? Number.NaN : 1));
    const fails = { how: "nan", block: 1, step: 2 };
    const straight = createTrainer({ ...tinyRun(engine), loss, skipLimit: 2 });
    const threaded = createTrainer({ ...threadedRun(engine, 2, { fails }), skipLimit: 2 });
    const results = [await straight.run(), await threaded.run()];
    expect(results.map(({ skippedSteps }) => skippedSteps.layer2)).toEqual([2, 2]);
    expect(broken(threaded)).toEqual(broken(straight));
    straight.dispose();
    threaded.dispose();
    const sequential = { timetable: "sequential", maxSteps: 4, skipLimit: 2 } as const;
    expect(await failureOf({ ...threadedRun(engine, 2, { fails }), ...sequential })).toMatchObject({
      code: "BLOCKWISE_NON_FINITE_VALUE",
      block: "layer2",
      step: 7,
      skippedSteps: 2,
    });
  });
});
