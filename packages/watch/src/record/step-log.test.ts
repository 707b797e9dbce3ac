import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StepEventV1 } from "@blockwise/spec";
import { describe, expect, it, onTestFinished } from "vitest";
import { stepEvent as anyStep } from "./__fixtures__/step-event.js";
import { readStepLog, stepLog } from "./step-log.js";

async function logFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "blockwise-log-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "log.jsonl");
}

function stepEvent(step: number, loss: number): StepEventV1 {
  const event = anyStep(step, { stepCount: 4 });
  return { ...event, blocks: event.blocks.map((block) => ({ ...block, loss })) };
}

describe("stepLog", () => {
  it("drops what an earlier run wrote past the step that it goes on from", async () => {
    const file = await logFile();
    const run = async (startStep: number, losses: readonly number[]) => {
      const log = stepLog(file, () => []);
      await log.onRunStart?.({ startStep, stepCount: 4, blocks: ["layer1"] });
      for (const [index, loss] of losses.entries()) await log.onStepEnd?.(stepEvent(startStep + index, loss));
    };
    await run(0, [1, 2, 3]);
    await appendFile(file, '{"step":3,"lo');
    await run(2, [30, 40]);
    const logged = await readStepLog(file);
    expect(logged.map(({ step, loss }) => [step, loss.layer1])).toEqual([
      [0, 1],
      [1, 2],
      [2, 30],
      [3, 40],
    ]);
  });

  it("writes the blocks that were to learn, each with its own rate", async () => {
    const file = await logFile();
    const event = stepEvent(0, 2);
    const late = { ...event.blocks[0], block: "layer2", loss: 3, learningRate: 0.4 };
    await stepLog(file, () => []).onStepEnd?.({
      ...event,
      blocks: [...event.blocks, late] as StepEventV1["blocks"],
    });
    expect(await readStepLog(file)).toMatchObject([
      { step: 0, learningRate: { layer1: 0.1, layer2: 0.4 }, loss: { layer1: 2, layer2: 3 } },
    ]);
  });

  it("writes losses that are not finite as null", async () => {
    const file = await logFile();
    await stepLog(file, () => []).onStepEnd?.(stepEvent(0, Number.NaN));
    expect((await readStepLog(file))[0]?.loss).toEqual({ layer1: null });
  });

  it("writes the terms that a loss is the sum of", async () => {
    const file = await logFile();
    const event = stepEvent(0, 3);
    const terms = { invariance: 2, redundancy: Number.POSITIVE_INFINITY };
    await stepLog(file).onStepEnd?.({ ...event, blocks: event.blocks.map((block) => ({ ...block, terms })) });
    expect((await readStepLog(file))[0]?.terms).toEqual({ layer1: { invariance: 2, redundancy: null } });
  });

  it("writes health and warnings where there are any", async () => {
    const file = await logFile();
    const measured = {
      effectiveRank: 3,
      meanAbsoluteCorrelation: 0.5,
      gradientNorm: 1,
      weightNorm: 0,
      trustRatio: Number.NaN,
    };
    const warning = {
      block: "layer1",
      kind: "low-rank",
      measured: 3,
      threshold: 6,
      message: "Low.",
    } as const;
    const log = stepLog(file, ({ step }) => (step === 1 ? [warning] : []));
    const plain = stepEvent(0, 1);
    await log.onStepEnd?.(plain);
    await log.onStepEnd?.({
      ...plain,
      step: 1,
      blocks: plain.blocks.map((block) => ({ ...block, health: measured })),
    });
    const [first, second] = await readStepLog(file);
    expect(Object.keys(first ?? {})).toEqual(["step", "learningRate", "loss", "embeddingDeviation"]);
    expect(second).toMatchObject({
      health: { layer1: { ...measured, trustRatio: null } },
      warnings: [warning],
    });
  });

  it("takes an absent file for an empty log", async () => {
    expect(await readStepLog(await logFile())).toEqual([]);
  });
});
