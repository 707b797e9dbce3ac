import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensors, type SafetensorsFile } from "@blockwise/safetensors";
import { beforeAll, describe, expect, it } from "vitest";
import { writeDigits } from "./digit-folder.js";
import { type CliEnd, runCli, startCli } from "./run-cli.js";
import { temporaryFolder } from "./temporary-folder.js";
import { tinyConfig } from "./tiny-config.js";

const folder = temporaryFolder();
const digits = join(folder, "digits");
const config = join(folder, "tiny.json");
const straight = join(folder, "straight");
const stepCount = 60;
/** What trains the same run into any folder. */
const training = ["--preset", "smoke", "--data", digits, "--config", config, "--seed", "3"];

const lastCheckpoint = (run: string) => join(run, "checkpoints", `step-000000${stepCount}`);
const weights = (run: string) => readFile(join(lastCheckpoint(run), "tensors.safetensors"));
const lines = (text: string) => text.split("\n").filter((line) => line !== "");

function valuesOf(tensors: SafetensorsFile["tensors"], name: string): Float32Array | Int32Array {
  const data = tensors.get(name)?.data;
  if (data instanceof Float32Array || data instanceof Int32Array) return data;
  throw new Error(`There is no tensor ${name}`);
}

let straightEnd: CliEnd;

beforeAll(async () => {
  await writeDigits(digits, { count: 130, classes: true });
  await writeFile(
    config,
    JSON.stringify({ ...tinyConfig, data: { imageSize: 16 }, epochs: 9, maxSteps: stepCount }),
  );
  straightEnd = await runCli("train", ...training, "--json", "--out", straight);
}, 300_000);

describe("blockwise train", () => {
  it("trains, and prints JSON lines alone where they are asked for", async () => {
    expect(straightEnd).toMatchObject({ exitCode: 0, stderr: "" });
    const events = lines(straightEnd.stdout).map((line) => JSON.parse(line));
    const steps = events.filter(({ event }) => event === "step");
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: stepCount }, (_, step) => step));
    expect(steps[0].blocks.map(({ block }: { block: string }) => block)).toEqual([
      "layer1",
      "layer2",
      "layer3",
      "layer4",
    ]);
    expect(events.at(-1)).toMatchObject({ event: "result", complete: true, step: stepCount, stepCount });
    const kept = await readdir(join(straight, "checkpoints"));
    expect(kept.sort()).toEqual(["step-00000020", "step-00000040", "step-00000060"]);
  });

  it("goes on after Ctrl-C and after being killed, bit for bit as if nothing had happened", async () => {
    const out = join(folder, "interrupted");
    const first = startCli("train", ...training, "--json", "--out", out);
    await first.printed('"step":5,');
    first.process.kill("SIGINT");
    const stopped = await first.ended;
    expect(stopped.exitCode).toBe(130);
    expect(stopped.stderr).toMatch(
      /^Stopped at step \d+ of 60; saved\. Go on with: npm run blockwise -- train --resume --out /,
    );
    const [saved = ""] = await readdir(join(out, "checkpoints"));
    expect(Number(saved.slice("step-".length))).toBeLessThan(stepCount);

    const second = startCli("train", "--resume", "--json", "--out", out);
    // Past the checkpoint at step 40, so that the log is ahead of it.
    await second.printed('"step":45,');
    second.process.kill("SIGSTOP");
    const beside = await runCli("train", "--resume", "--json", "--out", out);
    expect(beside).toMatchObject({ exitCode: 2, stdout: "" });
    expect(beside.stderr).toContain('Option "out" must be a run that no other process trains');
    expect(beside.stderr).toContain(`Process ${second.process.pid} on `);
    second.process.kill("SIGKILL");
    await second.ended;

    const third = await runCli("train", "--resume", "--json", "--out", out);
    expect(third).toMatchObject({ exitCode: 0, stderr: "" });
    expect((await weights(out)).equals(await weights(straight))).toBe(true);
    expect(await readFile(join(out, "log.jsonl"), "utf8")).toBe(
      await readFile(join(straight, "log.jsonl"), "utf8"),
    );
    const record = JSON.parse(await readFile(join(out, "training.json"), "utf8"));
    expect(record).toMatchObject({ complete: true, step: stepCount });
    // The time of the process that was killed is lost, and its steps must not count without it.
    expect(record.timedSteps).toBeLessThanOrEqual(stepCount);
    expect(record.pairsPerSecond).toBeCloseTo((record.timedSteps * 16) / record.seconds, 6);
  }, 300_000);

  it("gives the same weights with any number of worker threads", async () => {
    const out = join(folder, "workers");
    const end = await runCli("train", ...training, "--workers", "2", "--quiet", "--out", out);
    expect(end).toMatchObject({ exitCode: 0, stderr: "" });
    expect(lines(end.stdout)).toHaveLength(1);
    expect((await weights(out)).equals(await weights(straight))).toBe(true);
  }, 300_000);

  it("goes on only with the configuration that the run was started with", async () => {
    const agreeing = await runCli("train", "--resume", ...training, "--out", straight);
    expect(agreeing.exitCode).toBe(0);
    const before = await weights(straight);
    const end = await runCli("train", "--resume", "--seed", "4", "--out", straight);
    expect(end.exitCode).toBe(2);
    expect(end.stderr).toContain('BLOCKWISE_INVALID_OPTION: Option "seed" must be 3, as in the run');
    expect((await weights(straight)).equals(before)).toBe(true);
  }, 300_000);

  it("goes on with images whose size it found by itself", async () => {
    const file = join(folder, "automatic.json");
    const out = join(folder, "automatic");
    const fields = { ...tinyConfig, data: { imageSize: "auto" }, maxSteps: 1 };
    await writeFile(file, JSON.stringify(fields));
    const words = ["--preset", "smoke", "--data", digits, "--config", file, "--quiet", "--out", out];
    expect(await runCli("train", ...words)).toMatchObject({ exitCode: 0 });
    expect(await runCli("train", "--resume", "--quiet", "--out", out)).toMatchObject({
      exitCode: 0,
      stderr: "",
    });
  });

  it("refuses checkpoints that are damaged or made to mislead, and says how to go on", async () => {
    const damages: [string, (checkpoint: string) => Promise<void>][] = [
      [
        "cut off",
        async (checkpoint) => {
          const file = join(checkpoint, "tensors.safetensors");
          await writeFile(file, (await readFile(file)).subarray(0, -100));
        },
      ],
      [
        "a header of 2^60 bytes",
        async (checkpoint) => {
          const file = join(checkpoint, "tensors.safetensors");
          const bytes = await readFile(file);
          bytes.writeBigUInt64LE(2n ** 60n, 0);
          await writeFile(file, bytes);
        },
      ],
      ["no record", (checkpoint) => writeFile(join(checkpoint, "run.json"), '{"schema":1,"step":-1')],
    ];
    for (const [name, damage] of damages) {
      const run = join(folder, name);
      await cp(straight, run, { recursive: true });
      await damage(lastCheckpoint(run));
      const end = await runCli("train", "--resume", "--out", run);
      expect(end.exitCode, name).toBe(1);
      expect(end.stderr, name).toContain("BLOCKWISE_CHECKPOINT: ");
      expect(end.stderr, name).toContain(`remove ${lastCheckpoint(run)}`);
    }
  }, 300_000);
});

describe("blockwise evaluate", () => {
  it("lists its protocols without a run, and asks for one without", async () => {
    const end = await runCli("evaluate", "--list", "--json");
    expect(end).toMatchObject({ exitCode: 0, stderr: "" });
    const listed = lines(end.stdout).map((line) => JSON.parse(line));
    expect(listed[0]).toMatchObject({ name: "probes", description: expect.stringMatching(/\.$/) });
    const none = await runCli("evaluate");
    expect(none.exitCode).toBe(2);
    expect(none.stderr).toContain('Option "run" must be the folder of a run');
  }, 300_000);

  it("scores a run after every stage", async () => {
    const end = await runCli("evaluate", straight, "--json");
    expect(end).toMatchObject({ exitCode: 0, stderr: "" });
    const result = lines(end.stdout)
      .map((line) => JSON.parse(line))
      .at(-1);
    expect(result).toMatchObject({ event: "result", evaluation: "probes" });
    expect(result.blocks.map(({ block }: { block: string }) => block)).toEqual([
      "layer1",
      "layer2",
      "layer3",
      "layer4",
    ]);
    for (const { linearProbe, knn } of result.blocks) {
      for (const { top1 } of [linearProbe.raw, linearProbe.head, knn.raw]) {
        expect(top1).toBeGreaterThanOrEqual(0);
        expect(top1).toBeLessThanOrEqual(100);
      }
    }
    expect(JSON.parse(await readFile(join(straight, "evaluation.json"), "utf8")).blocks).toEqual(
      result.blocks,
    );
  }, 300_000);
});

describe("blockwise features", () => {
  it("writes a row an image in the order of the paths, with labels", async () => {
    const out = join(folder, "features.safetensors");
    const end = await runCli("features", straight, digits, "--quiet", "--out", out);
    expect(end).toMatchObject({ exitCode: 0, stderr: "" });
    const { tensors, metadata } = await readSafetensors(out);
    expect(
      Object.fromEntries([...tensors].map(([name, { dtype, shape }]) => [name, [dtype, ...shape]])),
    ).toEqual({
      "layer1.raw": ["F32", 130, 2],
      "layer1.head": ["F32", 130, 8],
      "layer2.raw": ["F32", 130, 4],
      "layer2.head": ["F32", 130, 8],
      "layer3.raw": ["F32", 130, 8],
      "layer3.head": ["F32", 130, 8],
      "layer4.raw": ["F32", 130, 16],
      "layer4.head": ["F32", 130, 8],
      labels: ["I32", 130],
      names: ["U8", expect.any(Number)],
    });
    const names = new TextDecoder().decode(tensors.get("names")?.data as Uint8Array).split("\0");
    expect(names).toHaveLength(130);
    expect(names.slice(0, 2)).toEqual([
      expect.stringMatching(/^0.\d{4}\.png$/),
      expect.stringMatching(/^0.\d/),
    ]);
    const labels = [...valuesOf(tensors, "labels")];
    expect(labels).toEqual([...labels].sort((a, b) => a - b));
    expect(metadata).toMatchObject({ images: digits, run: straight, split: "train", skipped: "[]" });
    const features = valuesOf(tensors, "layer4.raw");
    expect(features.every(Number.isFinite)).toBe(true);
    expect(new Set(features).size).toBeGreaterThan(130);

    // An image has the same features alone as among others.
    const [first = ""] = (await readdir(join(digits, "0"))).sort();
    await cp(join(digits, "0", first), join(folder, "single", first));
    const one = join(folder, "one.safetensors");
    const alone = await runCli(
      "features",
      straight,
      join(folder, "single"),
      "--out",
      one,
      "--block",
      "layer2",
    );
    expect(alone.exitCode).toBe(0);
    const single = (await readSafetensors(one)).tensors;
    expect([...single.keys()].sort()).toEqual(["layer2.head", "layer2.raw", "names"]);
    expect([...valuesOf(single, "layer2.raw")]).toEqual([...valuesOf(tensors, "layer2.raw")].slice(0, 4));
  }, 300_000);

  it("names its mistakes before the long work", async () => {
    const out = join(folder, "none.safetensors");
    for (const [words, message] of [
      [
        ["--out", join(folder, "no", "such.safetensors")],
        'Option "out" must be a file in a folder that is there',
      ],
      [["--out", out, "--block", "layer9"], 'Option "block" must be one of layer1, layer2, layer3, layer4'],
    ] as const) {
      const end = await runCli("features", straight, digits, ...words);
      expect(end.exitCode).toBe(2);
      expect(end.stderr).toContain(message);
    }
    expect(await readdir(folder)).not.toContain("none.safetensors");
  }, 300_000);
});
