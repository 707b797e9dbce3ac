import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeDigits } from "./digit-folder.js";
import { runCli, startCli } from "./run-cli.js";
import { temporaryFolder } from "./temporary-folder.js";
import { tinyConfig } from "./tiny-config.js";

const folder = temporaryFolder();
const digits = join(folder, "digits");
const loose = join(folder, "loose");
const config = join(folder, "online.json");
const watched = join(folder, "watched");
const training = ["--preset", "smoke", "--config", config, "--data", digits, "--seed", "3"];

const lines = (text: string): string[] => text.split("\n").filter(Boolean);
const readings = async (run: string): Promise<{ step: number; blocks: Record<string, unknown>[] }[]> =>
  lines(await readFile(join(run, "online.jsonl"), "utf8")).map((line) => JSON.parse(line));
const weights = async (run: string): Promise<Buffer> =>
  readFile(join(run, "checkpoints", "step-00000012", "tensors.safetensors"));

beforeAll(async () => {
  await writeDigits(digits, { count: 130, classes: true });
  await writeDigits(loose, { count: 60, classes: false });
  const online = { everySteps: 5, learningRate: 0.1, trainImages: 40, testImages: 10 };
  const evaluation = { ...tinyConfig.evaluation, online };
  const checkpoints = { everySteps: 4, keep: 100 };
  await writeFile(
    config,
    JSON.stringify({ ...tinyConfig, epochs: 9, maxSteps: 12, checkpoints, evaluation }),
  );
  const end = await runCli("train", ...training, "--json", "--out", watched);
  expect(end).toMatchObject({ exitCode: 0, stderr: "" });
  const events = lines(end.stdout).map((line) => JSON.parse(line));
  expect(events.filter(({ event }) => event === "online").map(({ step }) => step)).toEqual([5, 10, 12]);
}, 300_000);

describe("evaluation.online", { timeout: 300_000 }, () => {
  it("follows every block", async () => {
    const read = await readings(watched);
    expect(read.map(({ step }) => step)).toEqual([5, 10, 12]);
    for (const { blocks } of read) {
      expect(blocks.map(({ block }) => block)).toEqual(["layer1", "layer2", "layer3", "layer4"]);
      for (const { train, heldOut, neighbors } of blocks) {
        const kinds = { raw: expect.any(Number), head: expect.any(Number) };
        expect({ train, heldOut, neighbors }).toEqual({
          train: kinds,
          heldOut: kinds,
          neighbors: expect.any(Number),
        });
      }
    }
  });

  it("leaves the weights as they are without it, bit for bit", async () => {
    const plain = join(folder, "plain.json");
    const { evaluation, ...rest } = JSON.parse(await readFile(config, "utf8"));
    await writeFile(plain, JSON.stringify({ ...rest, evaluation: { ...evaluation, online: null } }));
    const out = join(folder, "plain");
    const words = ["--preset", "smoke", "--config", plain, "--data", digits, "--seed", "3"];
    expect((await runCli("train", ...words, "--quiet", "--out", out)).exitCode).toBe(0);
    expect((await weights(out)).equals(await weights(watched))).toBe(true);
    expect(await readdir(out)).not.toContain("online.jsonl");
  });

  it("goes on with a run that was interrupted, to the same readings", async () => {
    const out = join(folder, "interrupted");
    const first = startCli("train", ...training, "--json", "--out", out);
    await first.printed('"step":6,');
    first.process.kill("SIGINT");
    expect((await first.ended).exitCode).toBe(130);
    expect((await runCli("train", "--resume", "--quiet", "--out", out)).exitCode).toBe(0);
    expect(await readings(out)).toEqual(await readings(watched));
    expect((await weights(out)).equals(await weights(watched))).toBe(true);
  });

  it("is off for images without labels, and says so", async () => {
    const out = join(folder, "loose-run");
    const words = ["--preset", "smoke", "--config", config, "--data", loose, "--json"];
    const end = await runCli("train", ...words, "--out", out);
    expect(end.exitCode).toBe(0);
    expect(end.stdout).toContain("evaluation.online: off, since the images have no labels");
    expect(await readdir(out)).not.toContain("online.jsonl");
  });
});
