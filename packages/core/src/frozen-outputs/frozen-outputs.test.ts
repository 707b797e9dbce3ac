import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { barlowTwinsViews } from "@blockwise/augment";
import { resnet } from "@blockwise/backbone-resnet";
import { createEngine } from "@blockwise/engine";
import type { EngineV1, LocalLossV1 } from "@blockwise/spec";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { withFailingCall } from "../__fixtures__/failing-file-system.js";
import { differences, tinyOptions, valuesOf } from "../__fixtures__/tiny-network.js";
import { callbackOf, stopAfter, tinyRun } from "../__fixtures__/tiny-run.js";
import { createTrainer, type Trainer, type TrainerOptions, type TrainingResult } from "../trainer/trainer.js";

let engine: EngineV1;
let folder: string;
/** The cache's own folder. */
let directory: string;
/** What a run without cache comes to. */
let expected: Record<string, Float32Array>;
const notes: string[] = [];
const trainers: Trainer[] = [];

beforeAll(async () => {
  engine = await createEngine({ name: "wasm" });
  const trainer = makeTrainer({ frozenOutputs: null });
  await trainer.run();
  expected = valuesOf(trainer.network);
});
beforeEach(async () => {
  notes.length = 0;
  folder = await mkdtemp(join(tmpdir(), "blockwise-frozen-"));
  directory = join(folder, "cache");
});
afterEach(async () => {
  for (const trainer of trainers.splice(0)) trainer.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** Three blocks, one after the other, three steps each. */
function makeTrainer(changes: Partial<TrainerOptions> = {}): Trainer {
  const trainer = createTrainer({
    ...tinyRun(engine),
    timetable: "sequential",
    maxSteps: 3,
    frozenOutputs: { directory, budgetBytes: 1e9 },
    ...changes,
    callbacks: [
      callbackOf({ onNote: ({ message }) => void notes.push(message) }),
      ...(changes.callbacks ?? []),
    ],
  });
  trainers.push(trainer);
  return trainer;
}

async function expectSame(changes: Partial<TrainerOptions> = {}): Promise<TrainingResult> {
  const trainer = makeTrainer(changes);
  const result = await trainer.run();
  expect(differences(expected, valuesOf(trainer.network))).toEqual([]);
  return result;
}

/** Interrupts a run after so many steps, and goes on when `meanwhile` has had its way with the cache. */
async function interruptedRun(steps: number, meanwhile: () => Promise<unknown>): Promise<TrainingResult> {
  const checkpoints = { directory: join(folder, "checkpoints") };
  await makeTrainer({ checkpoints, ...stopAfter(steps) }).run();
  await meanwhile();
  const resumed = makeTrainer({ checkpoints });
  expect(await resumed.resume("latest")).toBe(steps);
  const result = await resumed.run();
  expect(differences(expected, valuesOf(resumed.network))).toEqual([]);
  return result;
}

function names(...steps: readonly number[]): string[] {
  return steps.map((step) => `step-0000000${step}.safetensors`);
}

function fileOf(block: number, step: number): string {
  return join(directory, `block-${block}`, `step-0000000${step}.safetensors`);
}

describe("frozen outputs", () => {
  it("change no bit of a run with noise, and spare it the images from the third phase on", async () => {
    const views = barlowTwinsViews({ size: 8 });
    let made = 0;
    const augmentation = {
      ...views,
      doView: (request: Parameters<typeof views.doView>[0]) => {
        made += 1;
        views.doView(request);
      },
    };
    const { frozenOutputs } = await expectSame({ augmentation });
    expect(frozenOutputs).toEqual({ read: 3, written: 3, damaged: 0, missing: 0 });
    // Two phases of three steps at most, of two views of six images: what the loader makes ahead stays below a third.
    const phase = made;
    made = 0;
    await expectSame({ augmentation, frozenOutputs: null });
    expect(made).toBe(3 * (phase / 2));
    expect(await readdir(folder)).toEqual([]);
    expect(notes).toEqual([]);
  });

  it("take the place of an earlier block's in each step, and are left behind by an interruption", async () => {
    const backbone = resnet({ depth: { unit: "basic", unitCounts: [1, 1, 1, 1] }, width: 4, stem: "cifar" });
    const straight = makeTrainer({ backbone, frozenOutputs: null });
    await straight.run();
    const checkpoints = { directory: join(folder, "checkpoints") };
    await makeTrainer({ backbone, checkpoints, ...stopAfter(7) }).run();
    expect(await readdir(join(directory, "block-0"))).toEqual(names(1, 2));
    expect(await readdir(join(directory, "block-1"))).toEqual(names(0));
    const resumed = makeTrainer({ backbone, checkpoints });
    await resumed.resume("latest");
    expect((await resumed.run()).frozenOutputs).toEqual({ read: 5, written: 2, damaged: 0, missing: 0 });
    expect(differences(valuesOf(straight.network), valuesOf(resumed.network))).toEqual([]);
    expect(await readdir(folder)).toEqual(["checkpoints"]);
  });

  it("are read where the checkpoint to go on from is behind them", async () => {
    const checkpoints = { directory: join(folder, "checkpoints"), keep: 9 };
    await makeTrainer({ checkpoints, ...stopAfter(5) }).run();
    const resumed = makeTrainer({ checkpoints });
    await resumed.resume(join(checkpoints.directory, "step-00000003"));
    // The second phase's first two steps from what they wrote themselves, then the third phase.
    expect((await resumed.run()).frozenOutputs).toEqual({ read: 5, written: 1, damaged: 0, missing: 0 });
    expect(differences(expected, valuesOf(resumed.network))).toEqual([]);
  });

  it.each<[string, (file: string, other: string) => Promise<unknown>]>([
    ["cut off", async (file) => writeFile(file, (await readFile(file)).subarray(0, -4))],
    ["empty", (file) => writeFile(file, "")],
    ["of another step", async (file, other) => writeFile(file, await readFile(other))],
    ["a folder", (file) => rm(file).then(() => mkdir(file))],
    [
      "with one bit changed",
      async (file) => {
        const bytes = await readFile(file);
        bytes[bytes.length - 50] = (bytes[bytes.length - 50] ?? 0) ^ 4;
        await writeFile(file, bytes);
      },
    ],
  ])("that are damaged (%s) are counted and computed again", async (_, damage) => {
    const result = await interruptedRun(7, () => damage(fileOf(0, 1), fileOf(0, 2)));
    expect(result.frozenOutputs).toEqual({ read: 1, written: 0, damaged: 1, missing: 1 });
  });

  it("that are gone are counted and computed again, also in the middle of being written", async () => {
    const later = await interruptedRun(6, () => rm(directory, { recursive: true }));
    expect(later.frozenOutputs).toEqual({ read: 0, written: 0, damaged: 0, missing: 3 });
    await rm(join(folder, "checkpoints"), { recursive: true });
    const earlier = await interruptedRun(4, () => rm(directory, { recursive: true }));
    expect(earlier.frozenOutputs).toEqual({ read: 2, written: 2, damaged: 0, missing: 1 });
  });

  it("of another run are removed at the start, and nothing else that lies there", async () => {
    await makeTrainer({ seed: 2, checkpoints: { directory: folder }, ...stopAfter(6) }).run();
    await writeFile(join(directory, "mine.txt"), "kept");
    expect((await expectSame()).frozenOutputs).toEqual({ read: 3, written: 3, damaged: 0, missing: 0 });
    expect(await readdir(directory)).toEqual(["mine.txt"]);
  });

  it("of other weights are not trusted, even under the same configuration", async () => {
    const result = await interruptedRun(7, async () => {
      // As if the run had gone another way before: what it wrote stands where this run's would.
      const other = join(folder, "other");
      const options = { frozenOutputs: { directory: other, budgetBytes: 1e9 } };
      await makeTrainer({ ...options, seed: 2, checkpoints: { directory: other }, ...stopAfter(6) }).run();
      await writeFile(fileOf(0, 1), await readFile(fileOf(0, 1).replace(directory, other)));
    });
    expect(result.frozenOutputs).toMatchObject({ damaged: 1, missing: 1 });
  });

  it("larger than the budget are not kept, which is said once", async () => {
    const stepBytes = 4 * (2 * 6 * 8 * 8 * 4 + 6) + 1024;
    const fits = { directory, budgetBytes: 3 * stepBytes };
    expect((await expectSame({ frozenOutputs: fits })).frozenOutputs?.written).toBe(3);
    expect(notes).toEqual([]);
    const small = { directory, budgetBytes: 3 * stepBytes - 1 };
    const { frozenOutputs } = await expectSame({ frozenOutputs: small });
    expect(frozenOutputs).toEqual({ read: 0, written: 0, damaged: 0, missing: 0 });
    expect(notes).toEqual([expect.stringMatching(/does not fit into the 1 MiB .*: layer1 1 MiB\.$/)]);
  });

  it("that the disk has no room for are not kept, which is said once", async () => {
    const fileSystem = createRequire(import.meta.url)("node:fs/promises");
    const { statfs } = fileSystem;
    fileSystem.statfs = () => Promise.resolve({ bavail: 1000, bsize: 4096 });
    syncBuiltinESMExports();
    try {
      const { frozenOutputs } = await expectSame();
      expect(frozenOutputs).toEqual({ read: 0, written: 0, damaged: 0, missing: 0 });
    } finally {
      fileSystem.statfs = statfs;
      syncBuiltinESMExports();
    }
    expect(notes).toEqual([expect.stringContaining("the disk has no room for the 1 MiB")]);
    expect(await readdir(folder)).toEqual([]);
  });

  it("end no run whatever call of the file system fails", async () => {
    const failed: number[] = [];
    for (let call = 0; ; call++) {
      notes.length = 0;
      const { error, reached } = await withFailingCall(call, () => expectSame());
      expect(error, `call ${call}`).toBeNull();
      if (!reached) break;
      failed.push(notes.length);
    }
    expect(failed.length).toBeGreaterThan(10);
    // Some are of no consequence, such as that there is nothing to remove.
    expect(failed.filter((count) => count > 1)).toEqual([]);
    expect(failed.filter((count) => count === 1).length).toBeGreaterThan(6);
  });

  it("bring the labels with them", async () => {
    const seen: number[][] = [];
    const loss = tinyOptions.loss as LocalLossV1;
    const labelled: LocalLossV1 = {
      ...loss,
      capabilities: { ...loss.capabilities, labels: true },
      doCompute: (input) => {
        seen.push([...(input.labels?.dataSync() ?? [])]);
        return loss.doCompute(input);
      },
    };
    const trainer = makeTrainer({ loss: labelled });
    // Wiring has tried the losses on images of its own.
    seen.splice(0);
    const { frozenOutputs } = await trainer.run();
    expect(frozenOutputs?.read).toBe(3);
    expect(seen.slice(0, 3).flat()).toHaveLength(18);
    expect([seen.slice(3, 6), seen.slice(6)]).toEqual([seen.slice(0, 3), seen.slice(0, 3)]);
  });

  it("are of no use to other timetables, and make no folder there", async () => {
    for (const timetable of ["simultaneous", { starts: [0, 0.5, 0.5], stops: [0.5, 1, 1] }] as const) {
      expect((await makeTrainer({ timetable, maxSteps: 2 }).run()).frozenOutputs).toBeNull();
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it("leave no tensor behind", async () => {
    await expect(async () => {
      const trainer = makeTrainer({ maxSteps: 1 });
      await trainer.run();
      trainer.dispose();
      trainers.pop();
    }).toLeakNoTensors();
  });

  it("need a budget", () => {
    expect(() => makeTrainer({ frozenOutputs: { directory, budgetBytes: 0 } })).toThrow(
      expect.objectContaining({ option: "frozenOutputs.budgetBytes" }),
    );
  });
});
