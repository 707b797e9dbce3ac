import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeDigits } from "./digit-folder.js";
import { type CliEnd, runCli, runCliUnder, startCli } from "./run-cli.js";
import { temporaryFolder } from "./temporary-folder.js";
import { tinyConfig } from "./tiny-config.js";

const folder = temporaryFolder();
const digits = join(folder, "digits");
const config = join(folder, "tiny.json");
const straight = join(folder, "straight");
const stepCount = 24;
const online = { everySteps: 10, trainImages: 40, testImages: 20, learningRate: 0.1 };
/** What trains the same run into any folder. */
const training = ["--preset", "smoke", "--data", digits, "--config", config, "--seed", "3", "--json"];

const read = (run: string, file: string) => readFile(join(run, file), "utf8");
const events = ({ stdout }: CliEnd) =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

beforeAll(async () => {
  await writeDigits(digits, { count: 130, classes: true });
  const evaluation = { ...tinyConfig.evaluation, online };
  const data = { imageSize: 16, holdOut: 0.2 };
  await writeFile(
    config,
    JSON.stringify({ ...tinyConfig, data, epochs: 9, maxSteps: stepCount, evaluation }),
  );
  expect(await runCli("train", ...training, "--out", straight)).toMatchObject({ exitCode: 0, stderr: "" });
}, 300_000);

async function expectSameRun(run: string): Promise<void> {
  const last = `checkpoints/step-000000${stepCount}`;
  for (const file of ["tensors.safetensors", "run.json", "online.safetensors"]) {
    const [own, wanted] = await Promise.all([run, straight].map((from) => readFile(join(from, last, file))));
    expect(wanted?.equals(own ?? Buffer.of()), file).toBe(true);
  }
  for (const file of ["log.jsonl", "online.jsonl"]) {
    expect(await read(run, file), file).toBe(await read(straight, file));
  }
}

describe("blockwise train --block-workers", () => {
  it("trains the same run, online probe and all, and says how busy the threads were", async () => {
    const out = join(folder, "two");
    const end = await runCli("train", ...training, "--block-workers", "2", "--out", out);
    expect(end).toMatchObject({ exitCode: 0, stderr: "" });
    await expectSameRun(out);
    const steps = events(end).filter(({ event }) => event === "step");
    const { blockWorkers } = steps.at(-1);
    const placed = blockWorkers.flatMap(({ blocks }: { blocks: string[] }) => blocks);
    expect(placed).toEqual(["layer1", "layer2", "layer3", "layer4"]);
    expect(JSON.parse(await read(out, "training.json")).blockWorkers).toHaveLength(2);
  }, 300_000);

  it("starts its threads, and those that prepare batches, whatever flags Node was given", async () => {
    const words = ["train", ...training, "--max-steps", "2", "--out", join(folder, "flags")];
    const file = join(folder, "threads.json");
    await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(config, "utf8")), workers: 1 }));
    const changed = words.map((word) => (word === config ? file : word));
    const end = await runCliUnder(["--max-old-space-size=3000"], ...changed, "--block-workers", "2");
    expect(end).toMatchObject({ exitCode: 0, stderr: "" });
  }, 300_000);

  it("saves at Ctrl-C, and goes on with another number of threads, or none", async () => {
    const out = join(folder, "interrupted");
    const first = startCli("train", ...training, "--block-workers", "3", "--out", out);
    await first.printed('"step":5,');
    first.process.kill("SIGINT");
    expect(await first.ended).toMatchObject({ exitCode: 130 });
    const second = startCli("train", "--resume", "--block-workers", "2", "--json", "--out", out);
    await second.printed('"step":14,');
    second.process.kill("SIGINT");
    expect(await second.ended).toMatchObject({ exitCode: 130 });
    await writeFile(join(folder, "none.json"), JSON.stringify({ blockWorkers: null }));
    const third = ["train", "--resume", "--json", "--config", join(folder, "none.json"), "--out", out];
    expect(await runCli(...third)).toMatchObject({ exitCode: 0, stderr: "" });
    await expectSameRun(out);
  }, 300_000);

  it("refuses more threads than there are blocks, and a placement that leaves one out", async () => {
    const many = await runCli("train", ...training, "--block-workers", "5", "--out", join(folder, "many"));
    expect(many).toMatchObject({ exitCode: 2 });
    expect(many.stderr).toContain(
      'Option "blockWorkers" must be a whole number from 1 to 4 for these 4 blocks',
    );
    const file = join(folder, "placed.json");
    await writeFile(file, JSON.stringify({ ...tinyConfig, blockWorkers: [[0], [2, 3]] }));
    const words = training.map((word) => (word === config ? file : word));
    expect(await runCli("train", ...words, "--out", join(folder, "placed"))).toMatchObject({ exitCode: 2 });
  }, 300_000);
});
