import { createEngine } from "@blockwise/engine";
import { expect, it } from "vitest";
import { compareThreads } from "./block-workers-command.js";

it("times the same work in one thread and in two, to the same weights, and in parts of batches, to the same each round", async () => {
  const workload = {
    model: "tiny",
    mode: "blockwise",
    batch: 4,
    size: 8,
    projector: 16,
    chunkBytes: "auto",
  } as const;
  const engine = await createEngine({ name: "wasm" });
  const work = { workload, engine, partition: "units", steps: 5, loaderThreads: null } as const;
  const [alone, two, parts] = await compareThreads(work, [2], 1, [2]);
  expect(alone).toMatchObject({ threads: 0, ratio: 1, sameWeights: true, busy: null });
  expect(two).toMatchObject({ threads: 2, sameWeights: true });
  expect(two?.ratio).toBeCloseTo((two?.pairsPerSecond ?? 0) / (alone?.pairsPerSecond ?? 1), 6);
  expect(parts).toMatchObject({ threads: 2, share: "batch", sameWeights: true });
  expect(two?.busy?.flatMap(({ blocks }) => blocks)).toHaveLength(4);
}, 120_000);
