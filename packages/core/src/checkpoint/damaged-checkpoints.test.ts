import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine } from "@blockwise/engine";
import { sgd } from "@blockwise/optim";
import { encodeSafetensors, readSafetensors, type SafetensorsEntry } from "@blockwise/safetensors";
import type { EngineV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { differences, tinyNetwork, train, valuesOf } from "../__fixtures__/tiny-network.js";
import type { Network } from "../wiring/network.js";
import { loadCheckpoint, saveCheckpoint } from "./checkpoints.js";

const configuration = { seed: 1, optimizer: { id: "lars", options: { momentum: 0.9 } }, noise: null };

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

function save(step: number): Promise<string> {
  const run = { directory, keep: 2, learners: network.learners, step, stepCount: 100, configuration };
  return saveCheckpoint(run);
}

function load(path: string, into: Network = network): Promise<number> {
  return loadCheckpoint(path, into.learners, { configuration, stepCount: 100 });
}

/** A checkpoint whose tensors were changed behind its back. */
async function saveTampered(change: (tensors: Map<string, SafetensorsEntry>) => void): Promise<string> {
  const path = await save(1);
  const file = join(path, "tensors.safetensors");
  const { tensors } = await readSafetensors(file);
  const changed = new Map(tensors);
  change(changed);
  await writeFile(file, encodeSafetensors({ tensors: changed }));
  return path;
}

async function saveWithRecord(change: (record: Record<string, unknown>) => unknown): Promise<string> {
  const path = await save(1);
  const file = join(path, "run.json");
  await writeFile(file, JSON.stringify(change(JSON.parse(await readFile(file, "utf8")))));
  return path;
}

const checkpointError = (message: string | RegExp) =>
  expect.objectContaining({
    code: "BLOCKWISE_CHECKPOINT",
    message: typeof message === "string" ? expect.stringContaining(message) : expect.stringMatching(message),
  });

describe("a checkpoint that cannot be read leaves learners as they are", () => {
  const oneOf = "layer2.0.conv1.weight";
  const entry = (shape: number[], fill = 0): SafetensorsEntry => ({
    dtype: "F32",
    shape,
    data: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(fill),
  });

  const cases: [string, () => Promise<string>, string | RegExp][] = [
    ["missing", async () => join(directory, "step-00000009"), "There is no checkpoint to be read"],
    [
      "without tensors",
      async () => {
        const path = await save(1);
        await rm(join(path, "tensors.safetensors"));
        return path;
      },
      "is damaged",
    ],
    [
      "cut off",
      async () => {
        const path = await save(1);
        const file = join(path, "tensors.safetensors");
        await writeFile(file, (await readFile(file)).subarray(0, -100));
        return path;
      },
      "Resume from an earlier one",
    ],
    [
      "with a header that claims 2^60 bytes",
      async () => {
        const path = await save(1);
        const bytes = Buffer.alloc(64);
        bytes.writeBigUInt64LE(2n ** 60n);
        await writeFile(join(path, "tensors.safetensors"), bytes);
        return path;
      },
      "is damaged",
    ],
    [
      "with offsets outside the file",
      async () => {
        const path = await save(1);
        const header = Buffer.from(
          JSON.stringify({ [oneOf]: { dtype: "F32", shape: [8, 4, 3, 3], data_offsets: [-1152, 0] } }),
        );
        const length = Buffer.alloc(8);
        length.writeBigUInt64LE(BigInt(header.length));
        await writeFile(join(path, "tensors.safetensors"), Buffer.concat([length, header]));
        return path;
      },
      "is damaged",
    ],
    [
      "lacking a tensor",
      () => saveTampered((tensors) => void tensors.delete(oneOf)),
      `lacks the tensor "${oneOf}"`,
    ],
    [
      "lacking a slot of the optimiser",
      () => saveTampered((tensors) => void tensors.delete(`optimizer.momentum.${oneOf}`)),
      `lacks the tensor "optimizer.momentum.${oneOf}"`,
    ],
    [
      "with one too many",
      () => saveTampered((tensors) => void tensors.set("fc.weight", entry([1]))),
      '"fc.weight"',
    ],
    [
      "with another shape",
      () => saveTampered((tensors) => void tensors.set(oneOf, entry([8, 3, 4, 3]))),
      "must be F32 of shape [8, 4, 3, 3], but is F32 of shape [8, 3, 4, 3]",
    ],
    [
      "with another type",
      () =>
        saveTampered(
          (tensors) => void tensors.set("bn1.weight", { dtype: "I32", shape: [4], data: new Int32Array(4) }),
        ),
      "but is I32",
    ],
    [
      "with values that are no numbers",
      () => saveTampered((tensors) => void tensors.set(oneOf, entry([8, 4, 3, 3], Number.NaN))),
      "not finite",
    ],
    [
      "whose record is no JSON",
      async () => {
        const path = await save(1);
        await writeFile(join(path, "run.json"), '{"schema": 1,');
        return path;
      },
      "is not JSON",
    ],
    ["of another schema", () => saveWithRecord((record) => ({ ...record, schema: 2 })), "schema 1"],
    ["whose record is a list", () => saveWithRecord(() => []), "schema 1"],
    ["whose record is null", () => saveWithRecord(() => null), "schema 1"],
    ["with a step beyond the run", () => saveWithRecord((record) => ({ ...record, step: 101 })), "schema 1"],
    ["with a step below 0", () => saveWithRecord((record) => ({ ...record, step: -1 })), "schema 1"],
    ["without configuration", () => saveWithRecord(({ configuration: _, ...rest }) => rest), "schema 1"],
    [
      "with damaged counters",
      () => saveWithRecord((record) => ({ ...record, blocks: [{ id: "layer1" }] })),
      "schema 1",
    ],
    [
      "of other options",
      () =>
        saveWithRecord((record) => ({
          ...record,
          configuration: { ...configuration, optimizer: { id: "lars", options: { momentum: 0.8 } } },
        })),
      '"optimizer.options.momentum" was 0.8 and is now 0.9',
    ],
    [
      "with an option less",
      () => saveWithRecord((record) => ({ ...record, configuration: { seed: 1, noise: null } })),
      /"optimizer" was absent and is now \{"id":"lars"/,
    ],
    [
      "of a longer run",
      () => saveWithRecord((record) => ({ ...record, stepCount: 200 })),
      '"stepCount" was 200 and is now 100',
    ],
    [
      "of other blocks",
      () => saveWithRecord((record) => ({ ...record, blocks: (record.blocks as object[]).toReversed() })),
      '"blocks" was ["layer3","layer2","layer1"] and is now ["layer1","layer2","layer3"]',
    ],
  ];

  it.each(cases)("%s", async (_, prepare, message) => {
    const path = await prepare();
    train(network, 1);
    const values = valuesOf(network);
    const { counters } = network.learners[0] as (typeof network.learners)[number];
    const tensors = tf.memory().numTensors;
    await expect(load(path)).rejects.toThrow(checkpointError(message));
    expect(differences(values, valuesOf(network))).toEqual([]);
    expect(network.learners[0]?.counters).toBe(counters);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it("names the optimiser's slots where another optimiser is used", async () => {
    const path = await save(1);
    const other = tinyNetwork(engine, { optimizer: sgd({ momentum: 0 }) });
    await expect(load(path, other)).rejects.toThrow(checkpointError('"optimizer.momentum.'));
    other.dispose();
  });
});
