import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine } from "@blockwise/engine";
import { createLoader } from "@blockwise/loader";
import { warmupCosine } from "@blockwise/optim";
import { fold, rootKey } from "@blockwise/random";
import type { EngineV1, StepEventV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { differences, scaledLoss, tinyOptions, valuesOf } from "../__fixtures__/tiny-network.js";
import { callbackOf, stopAfter, tinyRun } from "../__fixtures__/tiny-run.js";
import type { BlockLearner } from "../learner/block-learner.js";
import { fromLoader, learnBatch } from "../trainer/learn-batch.js";
import { createTrainer, type Trainer, type TrainerOptions } from "../trainer/trainer.js";
import type { Network } from "../wiring/network.js";

let engine: EngineV1;
let directory: string;
const trainers: Trainer[] = [];

beforeAll(async () => {
  engine = await createEngine({ name: "wasm" });
});
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "blockwise-timetable-"));
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

/** The values of one block. */
function valuesAt({ learners }: Network, block: number): Record<string, Float32Array> {
  return valuesOf({ learners: learners.slice(block, block + 1) });
}

function countersOf({ learners }: Network) {
  return learners.map(({ counters }) => counters.updateCount);
}

/** Takes a copy of another learner's state. */
function copyState(from: BlockLearner, to: BlockLearner): void {
  const copy = (map: Readonly<Record<string, tf.Tensor>>) =>
    Object.fromEntries(Object.entries(map).map(([name, tensor]) => [name, tf.clone(tensor)]));
  const { parameters, buffers, optimizer } = from.state;
  to.restore(
    { parameters: copy(parameters), buffers: copy(buffers), optimizer: copy(optimizer) },
    from.counters,
  );
}

describe("a sequential run", () => {
  let straight: Record<string, Float32Array>;
  beforeAll(async () => {
    const trainer = makeTrainer({ timetable: "sequential" });
    await trainer.run();
    straight = valuesOf(trainer.network);
  });

  it("trains its first block bit for bit as a simultaneous run does, and the others otherwise", async () => {
    const simultaneous = makeTrainer();
    const sequential = makeTrainer({ timetable: "sequential" });
    expect([simultaneous.stepCount, sequential.stepCount]).toEqual([6, 18]);
    await simultaneous.run();
    expect(await sequential.run()).toMatchObject({ step: 18, stepCount: 18, interrupted: false });
    expect(countersOf(sequential.network)).toEqual([6, 6, 6]);
    const [same, other] = [0, 1].map((block) =>
      differences(valuesAt(simultaneous.network, block), valuesAt(sequential.network, block)),
    );
    expect(same).toEqual([]);
    expect(other).toContain("parameters:layer2.0.conv1.weight");
  });

  it("trains its second block bit for bit as on a first block that was loaded and frozen", async () => {
    const sequential = makeTrainer({ timetable: "sequential" });
    await sequential.run();
    // Made by hand: the views of each step, the first block's final weights, and nothing of timetables but the turns.
    const options = tinyRun(engine);
    const { network } = makeTrainer();
    const [first, loaded] = [sequential.network.learners[0], network.learners[0]];
    if (first === undefined || loaded === undefined) throw new Error("No blocks.");
    copyState(first, loaded);
    const key = fold(rootKey(options.seed), "data");
    const { source, augmentation, batchSize } = options;
    const loader = createLoader({ source, augmentation, batchSize, key, workers: 0 });
    let step = 0;
    for (const epoch of [0, 1]) {
      for await (const batch of loader.epoch(epoch)) {
        const plan = {
          dataStep: step,
          phase: 1,
          turns: [{ mode: "frozen" }, { mode: "learning", step, stepCount: 6 }, { mode: "idle" }],
        } as const;
        learnBatch(network, fromLoader(batch, augmentation.shape), plan, { ...options, stepsPerPhase: 6 });
        step += 1;
      }
    }
    await loader.close();
    expect(differences(valuesAt(network, 1), valuesAt(sequential.network, 1))).toEqual([]);
    // Frozen means frozen: nor did the sequential run change the first block after its phase.
    expect(differences(valuesAt(network, 0), valuesAt(sequential.network, 0))).toEqual([]);
  });

  it("begins data, steps and rate anew with each block, and tells its phase and who learned", async () => {
    const events: StepEventV1[] = [];
    const epochs: (readonly [number, number])[] = [];
    const seen: number[] = [];
    const trainer = makeTrainer({
      timetable: "sequential",
      partition: 2,
      loss: scaledLoss(({ step }) => {
        seen.push(step);
        return 1;
      }),
      callbacks: [
        callbackOf({
          onStepEnd: (event) => void events.push(event),
          onEpochEnd: ({ epoch, step }) => void epochs.push([epoch, step]),
        }),
      ],
    });
    // Wiring has tried the losses on images of its own.
    seen.splice(0);
    await trainer.run();
    const phase = [0, 1, 2, 3, 4, 5];
    expect(seen).toEqual([...phase, ...phase]);
    expect(events.map(({ step }) => step)).toEqual([...phase, ...phase.map((step) => step + 6)]);
    expect(events.map(({ epoch }) => epoch)).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1]);
    expect(epochs).toEqual([
      [0, 3],
      [1, 6],
      [0, 9],
      [1, 12],
    ]);
    const schedule = warmupCosine({ baseLearningRate: 0.3, warmupSteps: 2 });
    const rates = phase.map((step) => schedule.learningRate({ step, stepCount: 6 }));
    expect(events.map(({ blocks }) => blocks[0]?.learningRate)).toEqual([...rates, ...rates]);
    const ids = ["layer1-layer2", "layer3"];
    for (const { step, blocks, phase: place, stepCount } of events) {
      const index = Math.floor(step / 6);
      expect(place).toEqual({ index, count: 2, block: ids[index] });
      expect(blocks.map(({ block }) => block)).toEqual([ids[index]]);
      expect(stepCount).toBe(12);
    }
  });

  it("gives each block maxSteps steps, and saves at each phase's end", async () => {
    const saved: number[] = [];
    const trainer = makeTrainer({
      timetable: "sequential",
      maxSteps: 2,
      checkpoints: { directory },
      callbacks: [callbackOf({ onCheckpoint: ({ step }) => void saved.push(step) })],
    });
    await trainer.run();
    expect(countersOf(trainer.network)).toEqual([2, 2, 2]);
    expect(saved).toEqual([2, 4, 6]);
  });

  it.each([1, 5, 6, 8, 13])(
    "interrupted after step %i, ends bit for bit where a straight run ends",
    async (steps) => {
      const timetable = "sequential";
      const checkpoints = { directory };
      expect(await makeTrainer({ timetable, checkpoints, ...stopAfter(steps) }).run()).toMatchObject({
        step: steps,
        interrupted: true,
      });
      const resumed = makeTrainer({ timetable, checkpoints });
      expect(await resumed.resume("latest")).toBe(steps);
      await resumed.run();
      expect(differences(straight, valuesOf(resumed.network))).toEqual([]);
    },
  );

  it("ends with an error that names the block when the only one that learns has stopped", async () => {
    const trainer = makeTrainer({
      timetable: "sequential",
      skipLimit: 2,
      loss: scaledLoss(({ block, step }) => (block === 1 && step >= 2 ? Number.NaN : 1)),
    });
    await expect(trainer.run()).rejects.toThrow(
      expect.objectContaining({ code: "BLOCKWISE_NON_FINITE_VALUE", block: "layer2", step: 9 }),
    );
  });

  it("leaves no tensor behind", async () => {
    await expect(async () => {
      const trainer = makeTrainer({
        timetable: "sequential",
        maxSteps: 1,
        source: { ...tinyRun(engine).source },
      });
      await trainer.run();
      trainer.dispose();
      trainers.pop();
    }).toLeakNoTensors();
  });
});

describe("blocks that share units", () => {
  it("are refused with any timetable but a simultaneous one", () => {
    const partition = [
      ["stem", "layer1.0", "layer2.0"],
      ["layer2.0", "layer3.0"],
    ];
    for (const timetable of ["sequential", { starts: [0, 0], stops: [1, 1] }] as const) {
      expect(() => makeTrainer({ partition, timetable })).toThrow(
        expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option: "timetable" }),
      );
    }
    expect(makeTrainer({ partition }).stepCount).toBe(6);
  });
});

describe("a run of fractions", () => {
  const timetable = { starts: [0, 1 / 3, 0.5], stops: [0.5, 1, 1] };

  it("lets each block learn in its own steps, by its own schedule, and changes it in no others", async () => {
    const events: StepEventV1[] = [];
    const weights: Record<string, Float32Array>[][] = [];
    const trainer = makeTrainer({
      timetable,
      callbacks: [
        callbackOf({
          onStepEnd: (event) => {
            events.push(event);
            weights.push([0, 1, 2].map((block) => valuesAt(trainer.network, block)));
          },
        }),
      ],
    });
    const start = [0, 1, 2].map((block) => valuesAt(trainer.network, block));
    expect(trainer.stepCount).toBe(6);
    await trainer.run();
    expect(countersOf(trainer.network)).toEqual([3, 4, 3]);
    const learners = ["layer1", "layer1", "layer1 layer2", "layer2 layer3", "layer2 layer3", "layer2 layer3"];
    expect(events.map(({ blocks }) => blocks.map(({ block }) => block).join(" "))).toEqual(learners);
    expect(events.every(({ phase }) => phase === null)).toBe(true);
    const changed = weights.map((after, step) =>
      after
        .flatMap((values, block) =>
          differences(weights[step - 1]?.[block] ?? start[block] ?? {}, values).length > 0
            ? [`layer${block + 1}`]
            : [],
        )
        .join(" "),
    );
    expect(changed).toEqual(learners);
    const schedule = warmupCosine({ baseLearningRate: 0.3, warmupSteps: 2 });
    expect(events[3]?.blocks.map(({ learningRate }) => learningRate)).toEqual([
      schedule.learningRate({ step: 1, stepCount: 4 }),
      schedule.learningRate({ step: 0, stepCount: 3 }),
    ]);
  });

  it("that all span the run is bit for bit a simultaneous one", async () => {
    const simultaneous = makeTrainer();
    const whole = makeTrainer({ timetable: { starts: [0, 0, 0], stops: [1, 1, 1] } });
    await simultaneous.run();
    await whole.run();
    expect(differences(valuesOf(simultaneous.network), valuesOf(whole.network))).toEqual([]);
  });

  it("interrupted in the middle, ends bit for bit where a straight run ends", async () => {
    const straight = makeTrainer({ timetable });
    await straight.run();
    await makeTrainer({ timetable, checkpoints: { directory }, ...stopAfter(4) }).run();
    const resumed = makeTrainer({ timetable, checkpoints: { directory } });
    await resumed.resume("latest");
    await resumed.run();
    expect(differences(valuesOf(straight.network), valuesOf(resumed.network))).toEqual([]);
  });

  it("is refused for another number of blocks, before anything runs", () => {
    expect(() => makeTrainer({ timetable, partition: 2 })).toThrow(
      expect.objectContaining({ option: "timetable.starts" }),
    );
  });

  it("is refused to go on with by other fractions, by name", async () => {
    const checkpoints = { directory };
    await makeTrainer({ timetable, checkpoints, ...stopAfter(1) }).run();
    const other = makeTrainer({ checkpoints, timetable: { ...timetable, starts: [0, 0.5, 0.5] } });
    await expect(other.resume("latest")).rejects.toThrow(
      expect.objectContaining({ message: expect.stringContaining('"timetable.starts"') }),
    );
  });

  it("is refused for a loss that looks at a block which begins later", () => {
    const { loss } = tinyOptions;
    if (typeof loss === "function") throw new Error("One loss for all blocks.");
    const looksAhead = { ...loss, capabilities: { ...loss.capabilities, nextBlock: true } };
    for (const later of [timetable, "sequential"] as const) {
      expect(() => makeTrainer({ timetable: later, loss: looksAhead })).toThrow(
        expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option: "timetable" }),
      );
    }
    const together = { starts: [0, 0, 0], stops: [0.5, 1, 1] };
    expect(makeTrainer({ timetable: together, loss: looksAhead }).stepCount).toBe(6);
  });
});
