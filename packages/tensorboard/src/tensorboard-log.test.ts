import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvalidOptionError, type StepEventV1, StorageError } from "@blockwise/spec";
import { PbfReader } from "pbf";
import { describe, expect, it, onTestFinished } from "vitest";
import { crc32c } from "./frame-record.js";
import { tensorboardLog } from "./tensorboard-log.js";

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "blockwise-tensorboard-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

interface ReadEvent {
  step: number;
  version?: string;
  isStart?: boolean;
  scalars: Record<string, number>;
  images: string[];
}

/** Reads a file of events; its frames' checksums of the length are checked. */
async function readEvents(path: string): Promise<readonly ReadEvent[]> {
  const bytes = await readFile(path);
  const events: ReadEvent[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    const crc = crc32c(bytes.subarray(at, at + 8));
    expect(bytes.readUInt32LE(at + 8)).toBe((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
    const event: ReadEvent = { step: 0, scalars: {}, images: [] };
    new PbfReader(bytes.subarray(at + 12, at + 12 + length)).readFields(readEventField, event);
    events.push(event);
    at += length + 16;
  }
  return events;
}

function readEventField(tag: number, event: ReadEvent, reader: PbfReader): void {
  if (tag === 2) event.step = reader.readVarint();
  if (tag === 3) event.version = reader.readString();
  if (tag === 7) event.isStart = reader.readBytes()[1] === 1;
  if (tag !== 5) return;
  reader.readMessage((_, inside: ReadEvent, summary) => {
    const value = { tag: "", number: Number.NaN, isImage: false };
    summary.readMessage((field, found: typeof value, inner) => {
      if (field === 1) found.tag = inner.readString();
      if (field === 2) found.number = inner.readFloat();
      if (field === 4) found.isImage = true;
    }, value);
    if (value.isImage) inside.images.push(value.tag);
    else inside.scalars[value.tag] = value.number;
  }, event);
}

function stepEvent(step: number, isMeasured = false): StepEventV1 {
  const health = isMeasured
    ? { effectiveRank: 9, meanAbsoluteCorrelation: 0.5, gradientNorm: 1, weightNorm: 2, trustRatio: 0.25 }
    : null;
  const block = {
    block: "layer1",
    loss: step + 0.5,
    terms: { invariance: 2 },
    learningRate: 0.125,
    embeddingDeviation: 0.25,
    health,
    skipped: false,
  };
  return {
    step,
    stepCount: 24,
    epoch: 0,
    phase: null,
    blocks: [block],
    pairsPerSecond: 8,
    dataWaitShare: 0.5,
    inputImagesPerSecond: 0,
    secondsLeft: 0,
  };
}

const started = (startStep: number) => ({ startStep, stepCount: 24, blocks: ["layer1"] });

describe("tensorboardLog", () => {
  it("writes every tenth step, the last, and those in which health was measured", async () => {
    const directory = join(await temporaryFolder(), "run", "tensorboard");
    const log = tensorboardLog({ directory });
    await log.onRunStart?.(started(0));
    for (let step = 0; step < 24; step++) await log.onStepEnd?.(stepEvent(step, step === 5));
    await log.addScalars(24, { "online-probe/layer1": 40, "online-probe/layer2": null });
    await log.addImage(24, { tag: "pairs/0", width: 2, height: 2, channels: 3, png: Buffer.from("png") });
    const [name = "", ...others] = await readdir(directory);
    expect(others).toEqual([]);
    expect(name).toMatch(/^events\.out\.tfevents\.\d{10}\./);
    const events = await readEvents(join(directory, name));
    expect(events.map(({ step }) => step)).toEqual([0, 0, 0, 5, 10, 20, 23, 24, 24]);
    expect(events[0]?.version).toBe("brain.Event:2");
    expect(events[1]?.isStart).toBe(true);
    expect(events[3]?.scalars).toEqual({
      "loss/layer1": 5.5,
      "loss-terms/layer1/invariance": 2,
      "embedding-deviation/layer1": 0.25,
      "learning-rate/layer1": 0.125,
      "effective-rank/layer1": 9,
      "correlation/layer1": 0.5,
      "gradient-norm/layer1": 1,
      "weight-norm/layer1": 2,
      "trust-ratio/layer1": 0.25,
      "run/images-per-second": 8,
      "run/waiting-share": 0.5,
      "run/memory-mib": expect.any(Number),
    });
    expect(Object.keys(events[4]?.scalars ?? {})).not.toContain("effective-rank/layer1");
    expect(events[7]?.scalars).toEqual({ "online-probe/layer1": 40 });
    expect(events[8]?.images).toEqual(["pairs/0"]);
  });

  it("says in a new file where a run is gone on with", async () => {
    const directory = await temporaryFolder();
    for (const startStep of [0, 7]) {
      const log = tensorboardLog({ directory, everySteps: 1 });
      await log.onRunStart?.(started(startStep));
      await log.onStepEnd?.(stepEvent(startStep));
      // Names are by the millisecond.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const names = (await readdir(directory)).sort();
    expect(names).toHaveLength(2);
    const second = await readEvents(join(directory, names[1] ?? ""));
    expect(second.map(({ step, isStart }) => [step, isStart])).toEqual([
      [0, undefined],
      [7, true],
      [7, undefined],
    ]);
  });

  it("refuses no step, and a folder that cannot be", async () => {
    const folder = await temporaryFolder();
    expect(() => tensorboardLog({ directory: folder, everySteps: 0 })).toThrow(InvalidOptionError);
    await writeFile(join(folder, "file"), "");
    const log = tensorboardLog({ directory: join(folder, "file") });
    await expect(log.onRunStart?.(started(0))).rejects.toThrow(StorageError);
  });

  it.runIf(process.platform === "linux")("ends where no folder can be made, as in /proc", async () => {
    const log = tensorboardLog({ directory: "/proc/blockwise/run" });
    await expect(log.onRunStart?.(started(0))).rejects.toThrow(StorageError);
  });
});
