import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensors } from "@blockwise/safetensors";
import { beforeAll, describe, expect, it } from "vitest";
import { writeDigits } from "./digit-folder.js";
import { type CliEnd, runCli } from "./run-cli.js";
import { temporaryFolder } from "./temporary-folder.js";
import { tinyConfig } from "./tiny-config.js";

const folder = temporaryFolder();
const digits = join(folder, "digits");
const config = join(folder, "tiny.json");
const straight = join(folder, "straight");
const stepCount = 6;
/** What trains the same run into any folder. */
const training = ["--preset", "smoke", "--data", digits, "--config", config, "--seed", "3", "--json"];

const checkpoint = (run: string, step: number) => join(run, `checkpoints/step-0000000${step}`);

beforeAll(async () => {
  await writeDigits(digits, { count: 130, classes: true });
  const checkpoints = { everySteps: 2, keep: 100 };
  const changes = { data: { imageSize: 16 }, checkpoints, epochs: 9, maxSteps: stepCount };
  await writeFile(config, JSON.stringify({ ...tinyConfig, ...changes }));
  expect(await runCli("train", ...training, "--out", straight)).toMatchObject({ exitCode: 0, stderr: "" });
}, 300_000);

/** Weights and running statistics of the last checkpoint, by name. */
async function weightsOf(run: string): Promise<ReadonlyMap<string, Float32Array>> {
  const { tensors } = await readSafetensors(join(checkpoint(run, stepCount), "tensors.safetensors"));
  const weights = new Map<string, Float32Array>();
  for (const [name, { data }] of tensors)
    if (!name.startsWith("optimizer.") && data instanceof Float32Array) weights.set(name, data);
  return weights;
}

async function lossesOf(run: string): Promise<readonly number[]> {
  const lines = (await readFile(join(run, "log.jsonl"), "utf8")).trim().split("\n");
  return lines.flatMap((line) => Object.values<number>(JSON.parse(line).loss));
}

const norm = (values: Float32Array): number => Math.hypot(...values);

/**
 * The same but for rounding, as sums over a batch are added up part by part: strictly for the losses of the first step. After it a
 * rectifier whose input is all but zero may have let a gradient through on one side only, which counts where maps are small.
 * Biases began at 0 and are but a few steps' gradients.
 */
async function expectClose(run: string): Promise<void> {
  const [losses, wantedLosses] = await Promise.all([run, straight].map(lossesOf));
  expect(losses).toHaveLength(stepCount * 4);
  for (const [index, loss] of (wantedLosses ?? []).entries())
    expect(Math.abs((losses?.[index] ?? Number.NaN) / loss - 1), `loss ${index}`).toBeLessThan(
      index < 4 ? 1e-5 : 1e-2,
    );
  const [weights, wanted] = await Promise.all([run, straight].map(weightsOf));
  expect([...(weights?.keys() ?? [])]).toEqual([...(wanted?.keys() ?? [])]);
  expect(wanted?.size).toBeGreaterThan(100);
  for (const [name, values] of wanted ?? []) {
    const difference = values.map((value, index) => value - (weights?.get(name)?.[index] ?? Number.NaN));
    const bound = name.endsWith("bias") ? 0.2 : 1e-2;
    expect(norm(difference) / (norm(values) || 1), name).toBeLessThan(bound);
  }
}

/** Puts a run back to how a process that was killed after a step leaves it. */
async function forget(run: string, step: number): Promise<void> {
  for (let later = step + 2; later <= stepCount; later += 2)
    await rm(checkpoint(run, later), { recursive: true });
  await rm(join(run, "training.json"));
}

const notesOf = ({ stdout }: CliEnd): string =>
  stdout
    .split("\n")
    .filter((line) => line.includes('"note"'))
    .join();

describe("blockwise train --batch-workers", () => {
  it("trains the same run but for rounding, and goes on from a checkpoint with other numbers of threads", async () => {
    const out = join(folder, "parts");
    const two = await runCli("train", ...training, "--batch-workers", "2", "--out", out);
    expect(two).toMatchObject({ exitCode: 0, stderr: "" });
    expect(notesOf(two)).toContain("2 threads have 8 images of each batch");
    await expectClose(out);

    await forget(out, 4);
    const four = await runCli("train", "--resume", "--batch-workers", "4", "--json", "--out", out);
    expect(four).toMatchObject({ exitCode: 0, stderr: "" });
    expect(notesOf(four)).toContain("4 threads have 4 images of each batch");
    await expectClose(out);

    await forget(out, 2);
    await writeFile(join(folder, "none.json"), JSON.stringify({ batchWorkers: null }));
    const words = ["--config", join(folder, "none.json"), "--json", "--out", out];
    const one = await runCli("train", "--resume", ...words);
    expect(one).toMatchObject({ exitCode: 0, stderr: "" });
    expect(notesOf(one)).not.toContain("threads have");
    await expectClose(out);
  }, 300_000);

  it("refuses a number that does not share out the batch, and both kinds of threads", async () => {
    for (const [words, message] of [
      [["--batch-workers", "3"], "that shares the batch of 16 out evenly"],
      [["--batch-workers", "2", "--block-workers", "2"], "batchWorkers"],
    ] as const) {
      const end = await runCli("train", ...training, ...words, "--out", join(folder, "refused"));
      expect(end.exitCode).toBe(2);
      expect(end.stderr).toContain(message);
    }
  }, 300_000);
});
