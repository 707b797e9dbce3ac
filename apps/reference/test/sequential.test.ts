import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeDigits } from "./digit-folder.js";
import { runCli, startCli } from "./run-cli.js";
import { temporaryFolder } from "./temporary-folder.js";
import { tinyConfig } from "./tiny-config.js";

const folder = temporaryFolder();
/** Of each of the four blocks, over two epochs. */
const stepsPerBlock = 12;
const training: string[] = [];

beforeAll(async () => {
  const digits = join(folder, "digits");
  await writeDigits(digits, { count: 130, classes: true });
  const config = join(folder, "config.json");
  const noise = { kind: "all", standardDeviation: 0.25 };
  const changes = {
    data: { imageSize: 16 },
    noise,
    epochs: 2,
    maxSteps: stepsPerBlock,
    timetable: "sequential",
  };
  await writeFile(config, JSON.stringify({ ...tinyConfig, ...changes }));
  training.push("--preset", "smoke", "--config", config, "--data", digits);
}, 60_000);

async function weights(run: string): Promise<Buffer> {
  return readFile(join(run, "checkpoints", "step-00000048", "tensors.safetensors"));
}

describe("blockwise train --timetable sequential", () => {
  it("goes on in the middle of a phase from what is in its folder, bit for bit as one that computes all again", async () => {
    const plain = join(folder, "plain");
    const without = join(folder, "without.json");
    const config = JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
    await writeFile(without, JSON.stringify({ ...config, frozenOutputs: null }));
    const words = training.map((word) => (word.endsWith("config.json") ? without : word));
    expect(await runCli("train", ...words, "--quiet", "--out", plain)).toMatchObject({
      exitCode: 0,
      stderr: "",
    });

    const out = join(folder, "kept");
    const first = startCli("train", ...training, "--json", "--out", out);
    await first.printed(`"step":${2 * stepsPerBlock + 5},`);
    first.process.kill("SIGKILL");
    await first.ended;
    expect(await readdir(join(out, "frozen-outputs"))).toEqual(["block-0", "block-1"]);

    const second = await runCli("train", "--resume", "--json", "--out", out);
    expect(second).toMatchObject({ exitCode: 0, stderr: "" });
    expect((await weights(out)).equals(await weights(plain))).toBe(true);
    expect(existsSync(join(out, "frozen-outputs"))).toBe(false);
    const record = JSON.parse(await readFile(join(out, "training.json"), "utf8"));
    expect(record).toMatchObject({
      complete: true,
      stepCount: 48,
      frozenOutputs: { damaged: 0, missing: 0 },
    });
    expect(record.frozenOutputs.read).toBeGreaterThanOrEqual(stepsPerBlock);
    const log = (await readFile(join(out, "log.jsonl"), "utf8")).trim().split("\n");
    expect(log.map((line) => Object.keys(JSON.parse(line).loss).join())).toEqual(
      Array.from({ length: 48 }, (_, step) => `layer${1 + Math.floor(step / stepsPerBlock)}`),
    );
  }, 300_000);

  it("says a budget that is too small once, and refuses a timetable that does not fit", async () => {
    const file = join(folder, "small.json");
    await writeFile(file, JSON.stringify({ ...tinyConfig, frozenOutputs: { budgetGiB: 1e-6 } }));
    const words = ["--preset", "smoke", "--data", join(folder, "digits"), "--max-steps", "1"];
    const end = await runCli(
      "train",
      ...words,
      "--config",
      file,
      "--timetable",
      "sequential",
      "--out",
      join(folder, "small"),
    );
    expect(end.exitCode).toBe(0);
    expect(end.stderr.match(/small: What these blocks hand on does not fit/g)).toHaveLength(1);

    await writeFile(file, JSON.stringify({ ...tinyConfig, timetable: { starts: [0, 0.5], stops: [1, 1] } }));
    const refused = await runCli("train", ...words, "--config", file, "--out", join(folder, "refused"));
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('Option "timetable.starts" must be a list of 4 fractions of the run');
    expect(existsSync(join(folder, "refused"))).toBe(false);
    const misspelt = await runCli(
      "train",
      ...words,
      "--timetable",
      "serial",
      "--out",
      join(folder, "refused"),
    );
    expect(misspelt.stderr).toContain('Option "timetable" must be "simultaneous" or "sequential"');
  }, 300_000);
});
