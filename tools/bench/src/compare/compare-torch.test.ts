import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeCosts } from "@blockwise/core";
import { EngineUnavailableError } from "@blockwise/spec";
import { describe, expect, it, onTestFinished } from "vitest";
import { describeModel, type Workload } from "../models.js";
import { compareTorch } from "./compare-torch.js";
import { compareTorchMemory, torchMemoryTable } from "./compare-torch-memory.js";
import { comparisonTable } from "./comparison-table.js";
import { findPythons } from "./python-environment.js";

const workload: Workload = {
  model: "tiny",
  mode: "blockwise",
  batch: 8,
  size: 16,
  projector: 32,
  chunkBytes: "auto",
};

/** A program that answers as `torch/step.py` does: its steps take as long as they are told, and their order's length. */
async function writePeer(stepMs: readonly number[], gemm: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "blockwise-bench-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "peer.mjs");
  await writeFile(
    path,
    `#!${process.execPath}
    import { createInterface } from "node:readline";
    const rounds = ${JSON.stringify(stepMs)};
    const words = process.argv.join(" ");
    console.log(JSON.stringify({ description: words, threads: 1, memory: { beforeBytes: 100, peakBytes: 350 } }));
    for await (const line of createInterface({ input: process.stdin })) {
      const add = words.includes("--order local") ? 10 : 0;
      const steps = () => new Array(Number(line.split(" ")[1])).fill(rounds.shift() + add);
      console.log(JSON.stringify(line === "gemm" ? { gflopsPerSecond: ${gemm} } : { stepMs: steps() }));
    }`,
  );
  await chmod(path, 0o755);
  return path;
}

describe("compareTorch", () => {
  it("times ours and both orders of PyTorch in turn, and compares them round by round", async () => {
    const ours = await writePeer([10, 20, 10], 50);
    const python = await writePeer([20, 20, 40], 200);
    const plan = { steps: 2, rounds: 3, threads: 2, pythons: [python], ourWords: [ours, "serve"] };
    const comparison = await compareTorch(workload, plan);
    const { sides } = comparison;
    expect(sides.map(({ side }) => side)).toEqual(["ours", "authors", "local"]);
    expect(sides[1]?.description).toContain(
      "--order authors --layout auto --threads 2 --model tiny --batch 8 --size 16",
    );
    expect(sides.map(({ stepMsMedian }) => stepMsMedian)).toEqual([10, 20, 30]);
    expect(sides[1]?.ratio).toEqual({ median: 2, least: 1, most: 4 });
    expect(sides[2]?.ratio).toEqual({ median: 3, least: 1.5, most: 5 });
    const flops = describeCosts(describeModel(workload)).reduce((sum, cost) => sum + cost.flopsPerStep, 0);
    for (const { gflopsPerSecond, stepMsMedian, stepMemoryBytes } of sides) {
      expect(gflopsPerSecond).toBeCloseTo(flops / stepMsMedian / 1e6, 9);
      expect(stepMemoryBytes).toBe(250);
    }
    expect((sides[0]?.shareOfOwnGemm ?? 0) / (sides[0]?.shareOfBestGemm ?? 0)).toBeCloseTo(4, 9);
    expect(comparisonTable(comparison).split("\n")).toHaveLength(5);
    expect(comparisonTable(comparison)).toMatch(/ 400\.0 .* 2\.00x \(1\.00-4\.00\)/);
  });

  it("says which side ended, and why", async () => {
    const ours = await writePeer([], 1);
    const plan = { steps: 1, rounds: 1, threads: 1, pythons: [process.execPath], ourWords: [ours] };
    const failing = compareTorch(workload, plan);
    await expect(failing).rejects.toThrow(EngineUnavailableError);
    await expect(failing).rejects.toThrow(
      /^PyTorch \(.*\) cannot be timed: it ended with status \d+\.\n.*step\.py/s,
    );
  });
});

describe("compareTorchMemory", () => {
  it("takes what a step adds and what there is in all from each side", async () => {
    const ours = await writePeer([], 1);
    const sides = { threads: 1, pythons: [await writePeer([], 1)], ourWords: [ours] };
    const memory = await compareTorchMemory({ ...workload, mode: "end-to-end" }, sides);
    const measured = { beforeBytes: 100, peakBytes: 350, stepBytes: 250 };
    expect(memory.sides).toMatchObject([
      { side: "ours", ...measured },
      { side: "end-to-end", ...measured },
    ]);
    expect(torchMemoryTable(memory)).toMatch(/--order end-to-end .*: 0, 0; 1\.00, steps alone 1\.00$/);
  });
});

describe("findPythons", () => {
  it("refuses one without PyTorch by its name", () => {
    expect(() => findPythons([process.execPath], () => undefined)).toThrow(
      `${process.execPath} has no torch and torchvision`,
    );
  });
});
