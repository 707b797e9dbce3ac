import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine } from "@blockwise/engine";
import { adamW } from "@blockwise/optim";
import { readSafetensors } from "@blockwise/safetensors";
import type { EngineV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { withFailingCall } from "../__fixtures__/failing-file-system.js";
import { differences, scaledLoss, tinyNetwork, train, valuesOf } from "../__fixtures__/tiny-network.js";
import type { Network } from "../wiring/network.js";
import { latestCheckpoint, loadCheckpoint, saveCheckpoint } from "./checkpoints.js";

const configuration = { seed: 1, optimizer: { id: "lars", options: { momentum: 0.9 } }, noise: null };
const current = { configuration, stepCount: 100 };

let engine: EngineV1;
let directory: string;
let network: Network;

beforeAll(async () => {
  engine = await createEngine({ name: "wasm" });
});
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "blockwise-checkpoints-"));
  network = tinyNetwork(engine);
});
afterEach(async () => {
  network.dispose();
  await rm(directory, { recursive: true, force: true });
});

function save(step: number, keep = 2): Promise<string> {
  return saveCheckpoint({ directory, keep, learners: network.learners, step, stepCount: 100, configuration });
}

function load(path: string, into: Network = network, run: typeof current | null = current): Promise<number> {
  return loadCheckpoint(path, into.learners, run);
}

describe("a checkpoint", () => {
  it("gives back weights, running statistics, optimiser and counters bit for bit", async () => {
    network.dispose();
    // One block has skipped a step and one has stopped.
    const changes = {
      loss: scaledLoss(({ block, step }) => (block === 1 && step > 0 ? Number.NaN : 1)),
      skipLimit: 2,
      optimizer: adamW(),
    };
    network = tinyNetwork(engine, changes);
    train(network, 3);
    const path = await save(3);
    const other = tinyNetwork(engine, { ...changes, seed: 2 });
    const tensors = tf.memory().numTensors;
    expect(await load(path, other)).toBe(3);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(differences(valuesOf(network), valuesOf(other))).toEqual([]);
    expect(other.learners.map(({ counters }) => counters)).toEqual(
      network.learners.map(({ counters }) => counters),
    );
    expect(other.learners[1]?.counters).toMatchObject({ stopped: true, skippedSteps: 2 });
    // They go on alike.
    train(network, 5, 3);
    train(other, 5, 3);
    expect(differences(valuesOf(network), valuesOf(other))).toEqual([]);
    other.dispose();
  });

  it("holds PyTorch's names and axis orders, slots of the optimiser too", async () => {
    train(network, 1);
    const { tensors, metadata } = await readSafetensors(join(await save(1), "tensors.safetensors"));
    expect(metadata).toMatchObject({ format: "pt" });
    for (const prefix of ["", "optimizer.momentum."]) {
      const shapeOf = (name: string) => tensors.get(prefix + name)?.shape;
      expect(shapeOf("conv1.weight")).toEqual([4, 3, 3, 3]);
      // Ends in the same words as the stem's.
      expect(shapeOf("layer1.0.conv1.weight")).toEqual([4, 4, 3, 3]);
      expect(shapeOf("layer2.0.conv1.weight")).toEqual([8, 4, 3, 3]);
      expect(shapeOf("layer2.0.downsample.0.weight")).toEqual([8, 4, 1, 1]);
      expect(shapeOf("pool_head.2.0.weight")).toEqual([6, 16, 1, 1]);
      expect(shapeOf("projector.0.0.weight")).toEqual([8, 6]);
      expect(shapeOf("bn1.weight")).toEqual([4]);
    }
    expect(tensors.get("layer1.0.bn2.running_var")?.shape).toEqual([4]);
  });

  it("can be read for its weights by a run of another configuration", async () => {
    const path = await save(1);
    expect(await load(path, network, null)).toBe(1);
  });

  it("leaves no tensor behind", async () => {
    const path = await save(1);
    await expect(async () => {
      await save(1);
      await load(path);
    }).toLeakNoTensors();
  });
});

describe("the folder of checkpoints", () => {
  it("keeps as many as wanted, the newest", async () => {
    for (const step of [5, 10, 99, 100]) await save(step);
    expect((await readdir(directory)).sort()).toEqual(["step-00000099", "step-00000100"]);
    expect(await latestCheckpoint(directory)).toBe(join(directory, "step-00000100"));
    await save(100, 1);
    expect(await readdir(directory)).toEqual(["step-00000100"]);
    expect((await readdir(join(directory, "step-00000100"))).sort()).toEqual([
      "run.json",
      "tensors.safetensors",
    ]);
  });

  it("never drops the one just written for one of a later step", async () => {
    for (const step of [80, 90]) await save(step);
    const path = await save(10);
    expect(await readdir(directory)).toContain("step-00000010");
    expect(await load(path)).toBe(10);
  });

  it("has no newest where there is none", async () => {
    expect(await latestCheckpoint(directory)).toBeNull();
    expect(await latestCheckpoint(join(directory, "none"))).toBeNull();
  });

  it("says so where it cannot be looked into", async () => {
    const file = join(directory, "file");
    await writeFile(file, "");
    await expect(latestCheckpoint(file)).rejects.toThrow(
      expect.objectContaining({ code: "BLOCKWISE_STORAGE", path: file }),
    );
  });

  it("looks past what a crash left, and clears it away with the next save", async () => {
    const path = await save(1);
    const left = join(directory, ".unfinished-step-00000002-4242");
    await mkdir(left);
    await writeFile(join(left, "tensors.safetensors"), "half");
    expect(await latestCheckpoint(directory)).toBe(path);
    await save(3);
    expect((await readdir(directory)).sort()).toEqual(["step-00000001", "step-00000003"]);
  });

  it("is left alone where it holds files of others", async () => {
    await mkdir(join(directory, "step-notes"));
    await writeFile(join(directory, "results.json"), "{}");
    for (const step of [1, 2, 3]) await save(step, 1);
    expect((await readdir(directory)).sort()).toEqual(["results.json", "step-00000003", "step-notes"]);
  });

  it("is written over at the same step", async () => {
    await save(1);
    train(network, 1);
    const path = await save(1);
    const other = tinyNetwork(engine, { seed: 2 });
    await load(path, other);
    expect(differences(valuesOf(network), valuesOf(other))).toEqual([]);
    other.dispose();
  });
});

describe("a checkpoint that cannot be written", () => {
  const refused = expect.objectContaining({
    code: "BLOCKWISE_STORAGE",
    message: expect.stringMatching(/cannot be written.*Free some space or choose another folder/),
  });

  it("says so where a file stands in the folder's place", async () => {
    const file = join(directory, "file");
    await writeFile(file, "mine");
    const attempt = saveCheckpoint({
      directory: join(file, "checkpoints"),
      keep: 1,
      learners: network.learners,
      step: 1,
      stepCount: 2,
      configuration,
    });
    await expect(attempt).rejects.toThrow(refused);
    expect(await readFile(file, "utf8")).toBe("mine");
  });

  it.runIf(process.platform === "linux")("says so where no folder can be made, as in /proc", async () => {
    directory = "/proc/blockwise/checkpoints";
    await expect(save(1)).rejects.toThrow(refused);
  });

  it("leaves all checkpoints whole, whichever call to the file system fails", async () => {
    train(network, 1);
    const newer = tinyNetwork(engine, { seed: 2 });
    const reader = tinyNetwork(engine, { seed: 3 });
    const [old, fresh] = [valuesOf(network), valuesOf(newer)];
    const first = await save(1);
    const errors: unknown[] = [];
    for (let call = 0; ; call++) {
      const second = await save(2);
      const request = { directory, keep: 2, step: 2, stepCount: 100, configuration };
      const { error, reached } = await withFailingCall(call, () =>
        saveCheckpoint({ ...request, learners: newer.learners }),
      );
      await load(first, reader);
      expect(differences(old, valuesOf(reader))).toEqual([]);
      await load(second, reader);
      const written = differences(fresh, valuesOf(reader)).length === 0;
      if (!written) expect(differences(old, valuesOf(reader))).toEqual([]);
      if (!reached) {
        expect({ error, written }).toEqual({ error: null, written: true });
        break;
      }
      if (error !== null) errors.push(error);
    }
    // Two files with four calls each, and the folder's own.
    expect(errors.length).toBeGreaterThanOrEqual(12);
    for (const error of errors) {
      expect(error).toMatchObject({
        code: "BLOCKWISE_STORAGE",
        message: expect.stringMatching(/ENOSPC|disk is full/),
      });
    }
    expect((await readdir(directory)).sort()).toEqual(["step-00000001", "step-00000002"]);
    newer.dispose();
    reader.dispose();
  });

  it("says so without permission", async () => {
    await chmod(directory, 0o555);
    // Root may write anywhere, so it is somebody else meanwhile.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      await expect(save(1)).rejects.toThrow(refused);
      expect(await readdir(directory)).toEqual([]);
    } finally {
      if (isRoot) process.seteuid?.(0);
      await chmod(directory, 0o700);
    }
  });
});
