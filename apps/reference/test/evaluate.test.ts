import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeDigits } from "./digit-folder.js";
import { runCli, startCli } from "./run-cli.js";
import { temporaryFolder } from "./temporary-folder.js";
import { tinyConfig } from "./tiny-config.js";

const folder = temporaryFolder();
const digits = join(folder, "digits");
const trained = join(folder, "trained");
const settings = join(folder, "evaluation.json");

const lines = (text: string): string[] => text.split("\n").filter(Boolean);

/** A copy of the trained run, to be judged. */
async function copyOf(name: string): Promise<string> {
  const run = join(folder, name);
  await cp(trained, run, { recursive: true });
  return run;
}

async function resultOf(run: string, protocol: string): Promise<Record<string, unknown>> {
  const { seconds, ...result } = JSON.parse(
    await readFile(join(run, "evaluation", `${protocol}.json`), "utf8"),
  );
  expect(seconds).toBeGreaterThan(0);
  return result;
}

const blockNames = ["layer1", "layer2", "layer3", "layer4"];

beforeAll(async () => {
  const config = join(folder, "tiny.json");
  await writeDigits(digits, { count: 130, classes: true });
  await writeFile(config, JSON.stringify({ ...tinyConfig, epochs: 1, maxSteps: 4 }));
  const linear = {
    epochs: 3,
    batchSize: 32,
    learningRate: 0.1,
    momentum: 0.9,
    weightDecay: 1e-6,
    standardize: false,
    minimumScale: 0.2,
    cropFraction: 0.875,
  };
  const fineTune = {
    settings: {
      epochs: 3,
      batchSize: 16,
      backboneLearningRate: 0.01,
      classifierLearningRate: 0.1,
      momentum: 0.9,
      weightDecay: 0,
      minimumScale: 0.5,
      cropFraction: 1,
    },
    labelFractions: [0.1, 0.4],
  };
  await writeFile(settings, JSON.stringify({ evaluation: { linear, fineTune } }));
  const words = ["train", "--preset", "smoke", "--config", config, "--data", digits, "--seed", "3"];
  expect(await runCli(...words, "--quiet", "--out", trained)).toMatchObject({ exitCode: 0, stderr: "" });
}, 300_000);

describe("evaluate --protocol linear", () => {
  it("says what every block's classifiers came to, and how", async () => {
    const run = await copyOf("linear");
    const end = await runCli("evaluate", run, "--protocol", "linear", "--config", settings, "--json");
    expect(end).toMatchObject({ exitCode: 0, stderr: "" });
    const result = await resultOf(run, "linear");
    const blocks = result.blocks as Record<"raw" | "head", Record<string, never>>[];
    expect(blocks.map((block) => (block as unknown as { block: string }).block)).toEqual(blockNames);
    for (const { raw, head } of blocks) {
      for (const { last, best, top1ByEpoch } of [raw, head] as unknown as {
        last: { top1: number; top5: number };
        best: { top1: number; epoch: number };
        top1ByEpoch: number[];
      }[]) {
        expect(top1ByEpoch).toHaveLength(3);
        expect(last.top1).toBe(top1ByEpoch[2]);
        expect(best.top1).toBe(Math.max(...top1ByEpoch));
        expect(best.top1).toBe(top1ByEpoch[best.epoch - 1]);
        expect(last.top5).toBeGreaterThanOrEqual(last.top1);
      }
    }
    expect(result.protocol).toMatchObject({
      settings: "as listed",
      epochs: 3,
      seed: 3,
      features: { checkpoint: "step-00000004", view: { id: "evaluation-view", cropFraction: 0.875 } },
      trainingView: { id: "train-crop-view", scale: [0.2, 1] },
    });
    expect(JSON.parse(lines(end.stdout).at(-1) ?? "")).toMatchObject({ evaluation: "linear", ...result });
    expect(await readdir(join(run, "evaluation"))).toEqual(["linear.json"]);
  }, 300_000);

  it("goes on after Ctrl-C, to the same result", async () => {
    const run = await copyOf("interrupted");
    const words = ["evaluate", run, "--protocol", "linear", "--config", settings, "--json"];
    const first = startCli(...words);
    await first.printed("epoch 1 of 3");
    first.process.kill("SIGINT");
    const stopped = await first.ended;
    expect(stopped.exitCode).toBe(130);
    expect(stopped.stderr).toMatch(/^Stopped; .* Go on with: npm run blockwise -- evaluate /);
    expect(await readdir(join(run, "evaluation"))).toEqual(["linear.state.safetensors"]);
    const second = await runCli(...words);
    expect(second).toMatchObject({ exitCode: 0, stderr: "" });
    expect(second.stdout).toMatch(/going on after epoch [12] of 3/);
    expect(await resultOf(run, "linear")).toEqual(await resultOf(join(folder, "linear"), "linear"));
  }, 300_000);
});

describe("evaluate --protocol fine-tune semi-supervised", () => {
  const protocols = ["fine-tune", "semi-supervised"];

  it("trains the network on with all labels and with few, the same number of each class", async () => {
    const run = await copyOf("tuned");
    const before = await readFile(join(run, "checkpoints", "step-00000004", "tensors.safetensors"));
    const end = await runCli("evaluate", run, "--protocol", ...protocols, "--config", settings, "--quiet");
    expect(end).toMatchObject({ exitCode: 0, stderr: "" });
    const tuned = await resultOf(run, "fine-tune");
    expect(tuned).toMatchObject({
      top1ByEpoch: [expect.any(Number), expect.any(Number), expect.any(Number)],
      protocol: { after: "layer4", start: { checkpoint: "step-00000004" }, epochs: 3 },
    });
    const few = await resultOf(run, "semi-supervised");
    const fractions = few.fractions as Record<string, unknown>[];
    // 100 images may be fitted on, of ten classes.
    expect(
      fractions.map(({ fraction, images, imagesPerClass }) => [fraction, images, imagesPerClass]),
    ).toEqual([
      [0.1, 10, { least: 1, most: 1 }],
      [0.4, 40, { least: 4, most: 4 }],
    ]);
    for (const { fineTune, linear } of fractions) {
      expect(fineTune).toMatchObject({ last: { top1: expect.any(Number), top5: expect.any(Number) } });
      expect((linear as Record<string, unknown>[]).map(({ block }) => block)).toEqual(blockNames);
    }
    expect(await readdir(join(run, "evaluation"))).toEqual(["fine-tune.json", "semi-supervised.json"]);
    const after = await readFile(join(run, "checkpoints", "step-00000004", "tensors.safetensors"));
    expect(after.equals(before)).toBe(true);
  }, 300_000);

  it("goes on after Ctrl-C, to the same results", async () => {
    const run = await copyOf("tuning");
    const words = ["evaluate", run, "--protocol", ...protocols, "--config", settings, "--json"];
    for (const text of ["fine-tune: epoch 1 of 3", "semi-supervised-0.4: epoch 1 of 3"]) {
      const going = startCli(...words);
      await going.printed(text);
      going.process.kill("SIGINT");
      expect((await going.ended).exitCode).toBe(130);
    }
    expect(await readdir(join(run, "evaluation"))).toContain("semi-supervised.parts.json");
    expect(await runCli(...words)).toMatchObject({ exitCode: 0, stderr: "" });
    for (const protocol of protocols)
      expect(await resultOf(run, protocol)).toEqual(await resultOf(join(folder, "tuned"), protocol));
    expect(await readdir(join(run, "evaluation"))).toEqual(["fine-tune.json", "semi-supervised.json"]);
  }, 300_000);
});
