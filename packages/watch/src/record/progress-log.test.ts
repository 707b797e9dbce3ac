import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvalidOptionError, StorageError } from "@blockwise/spec";
import { describe, expect, it, onTestFinished } from "vitest";
import { stepEvent } from "./__fixtures__/step-event.js";
import { readJsonLines } from "./json-lines.js";
import { type ProgressLine, progressLog } from "./progress-log.js";

async function progressFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "blockwise-progress-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "progress.jsonl");
}

const started = (startStep: number) => ({ startStep, stepCount: 1000, blocks: ["layer1"] });

describe("progressLog", () => {
  it("says how fast a run was since the line before, not since its start", async () => {
    const file = await progressFile();
    let now = 5000;
    const log = progressLog(file, { batchSize: 10, clock: () => now });
    await log.onRunStart?.(started(0));
    now += 2000;
    await log.onStepEnd?.(stepEvent(0, { dataWaitShare: 0.5 }));
    for (const step of [1, 2, 3]) {
      now += 500;
      // Two seconds and a half in all, of which one waited: none of it since the first line.
      await log.onStepEnd?.(stepEvent(step, { dataWaitShare: 1000 / (now - 5000) }));
    }
    const lines = await readJsonLines<ProgressLine>(file);
    expect(lines).toMatchObject([
      { event: "start", step: 0, stepCount: 1000, blocks: ["layer1"] },
      { event: "progress", step: 1, pairsPerSecond: 5, dataWaitShare: 0.5 },
      { event: "progress", step: 3, pairsPerSecond: 20, dataWaitShare: 0 },
    ]);
    for (const line of lines) expect(Math.abs(line.time - Date.now())).toBeLessThan(60_000);
    expect(lines[1]).toMatchObject({ memoryBytes: expect.any(Number) });
  });

  it("writes less often the longer a run lasts, and always its last step", async () => {
    const file = await progressFile();
    let now = 0;
    const log = progressLog(file, { batchSize: 1, clock: () => now });
    await log.onRunStart?.({ ...started(0), stepCount: 10_000 });
    for (let step = 0; step < 10_000; step++) {
      now += 700;
      await log.onStepEnd?.(stepEvent(step, { stepCount: 10_000 }));
    }
    await log.onRunEnd?.({ step: 10_000, interrupted: false });
    const lines = await readJsonLines<ProgressLine>(file);
    expect(lines.length).toBeLessThan(2000);
    expect(lines.length).toBeGreaterThan(300);
    expect(lines.at(-2)).toMatchObject({ event: "progress", step: 10_000 });
    expect(lines.at(-1)).toMatchObject({ event: "end", step: 10_000, interrupted: false });
  });

  it("goes on behind the lines of a run that was interrupted", async () => {
    const file = await progressFile();
    for (const startStep of [0, 7]) {
      const log = progressLog(file, { batchSize: 1 });
      await log.onRunStart?.(started(startStep));
      await log.onNote?.({ step: startStep, message: "something" });
      await log.onRunEnd?.({ step: startStep + 7, interrupted: true });
    }
    const lines = await readJsonLines<ProgressLine>(file);
    expect(lines.map(({ event, step }) => [event, step])).toEqual([
      ["start", 0],
      ["note", 0],
      ["end", 7],
      ["start", 7],
      ["note", 7],
      ["end", 14],
    ]);
  });

  it("refuses a batch of no images, and a file that cannot be", async () => {
    expect(() => progressLog("progress.jsonl", { batchSize: 0 })).toThrow(InvalidOptionError);
    const log = progressLog(join(await progressFile(), "no", "folder"), { batchSize: 1 });
    await expect(log.onRunStart?.(started(0))).rejects.toThrow(StorageError);
  });
});
