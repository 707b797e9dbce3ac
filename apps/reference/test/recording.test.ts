import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FeatureMapLine, MapImages, PairsRecord, ProgressLine } from "@blockwise/watch";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { writeDigits } from "./digit-folder.js";
import { runCli, startCli } from "./run-cli.js";
import { temporaryFolder } from "./temporary-folder.js";
import { tinyConfig } from "./tiny-config.js";

const folder = temporaryFolder();
const digits = join(folder, "digits");
const recorded = join(folder, "recorded");
const online = { everySteps: 5, learningRate: 0.1, trainImages: 40, testImages: 10 };
const evaluation = { ...tinyConfig.evaluation, online };
const watch = { maps: 4, images: 10, pairs: 3 };

const lines = <T>(text: string): T[] =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
const read = (run: string, ...path: string[]): Promise<string> => readFile(join(run, ...path), "utf8");
const weights = (run: string): Promise<Buffer> =>
  readFile(join(run, "checkpoints", "step-00000012", "tensors.safetensors"));

async function words(name: string, changes: object): Promise<readonly string[]> {
  const file = join(folder, `${name}.json`);
  const config = { ...tinyConfig, epochs: 9, maxSteps: 12, checkpoints: { everySteps: 4, keep: 100 } };
  await writeFile(file, JSON.stringify({ ...config, ...changes }));
  return ["train", "--preset", "smoke", "--config", file, "--data", digits, "--seed", "3"];
}

beforeAll(async () => {
  await writeDigits(digits, { count: 130, classes: true });
  const end = await runCli(
    ...(await words("recorded", { watch, tensorboard: true, evaluation })),
    "--quiet",
    "--out",
    recorded,
  );
  expect(end).toMatchObject({ exitCode: 0, stderr: "" });
}, 300_000);

describe("what a run records of its images", { timeout: 300_000 }, () => {
  it("is maps of every block, from before the first step to after the last", async () => {
    const maps = lines<FeatureMapLine>(await read(recorded, "maps.jsonl"));
    expect(maps.map(({ step }) => step)).toEqual([0, 4, 8, 12]);
    for (const { blocks } of maps) {
      expect(blocks.map(({ block }) => block)).toEqual(["layer1", "layer2", "layer3", "layer4"]);
      for (const { points, explained } of blocks) {
        expect(points).toHaveLength(2 * watch.images);
        expect(new Set(points).size).toBeGreaterThan(watch.images);
        expect(explained[0]).toBeGreaterThanOrEqual(explained[1]);
        expect(explained[0] + explained[1]).toBeLessThanOrEqual(1.001);
      }
    }
    const images: MapImages = JSON.parse(await read(recorded, "map-images.json"));
    expect(images.labels).toHaveLength(watch.images);
    expect(images.classNames).toHaveLength(10);
  });

  it("is pairs of views, as pictures of the images' classes", async () => {
    const record: PairsRecord = JSON.parse(await read(recorded, "pairs", "pairs.json"));
    expect(record).toMatchObject({ views: 2, width: 16, height: 16 });
    expect(record.images).toHaveLength(watch.pairs);
    for (const { className } of record.images) expect(className).toMatch(/^\d$/);
    const pixels = async (name: string) =>
      sharp(join(recorded, "pairs", name))
        .raw()
        .toBuffer();
    const first = await pixels("0-0.png");
    expect(first.length % (16 * 16)).toBe(0);
    // Views of one image differ, and are not black.
    expect(first.equals(await pixels("0-1.png"))).toBe(false);
    expect(Math.max(...first)).toBeGreaterThan(100);
    expect(Math.min(...first)).toBeLessThan(100);
  });

  it("is how far it came and how fast", async () => {
    const progress = lines<ProgressLine>(await read(recorded, "progress.jsonl"));
    expect(progress[0]).toMatchObject({ event: "start", step: 0, stepCount: 12 });
    expect(progress.at(-2)).toMatchObject({ event: "progress", step: 12 });
    expect(progress.at(-1)).toMatchObject({ event: "end", step: 12, interrupted: false });
  });

  it("is event files for TensorBoard, where they are asked for", async () => {
    const names = await readdir(join(recorded, "tensorboard"));
    expect(names).toHaveLength(1);
    const events = await readFile(join(recorded, "tensorboard", names[0] ?? ""), "latin1");
    for (const tag of ["brain.Event:2", "loss/layer4", "loss-terms/layer1/invariance", "pairs/2/view-2"]) {
      expect(events).toContain(tag);
    }
    // A reading of each block after 5, 10 and 12 steps.
    expect(events.split("online-probe-pooled/layer3")).toHaveLength(4);

    const elsewhere = join(folder, "events");
    const out = join(folder, "elsewhere");
    const named = await words("elsewhere", { watch: null, maxSteps: 2 });
    const end = await runCli(...named, "--quiet", "--out", out, "--tensorboard", elsewhere);
    expect(end).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await readdir(elsewhere)).toHaveLength(1);
    expect(await readdir(out)).not.toContain("tensorboard");
  });

  it("changes no weight and no line of the log", async () => {
    const out = join(folder, "plain");
    const end = await runCli(...(await words("plain", { watch: null })), "--quiet", "--out", out);
    expect(end).toMatchObject({ exitCode: 0, stderr: "" });
    expect((await weights(out)).equals(await weights(recorded))).toBe(true);
    expect(await read(out, "log.jsonl")).toBe(await read(recorded, "log.jsonl"));
    const names = await readdir(out);
    for (const name of ["maps.jsonl", "map-images.json", "pairs", "tensorboard"])
      expect(names).not.toContain(name);
  });

  it("is the same where the run is interrupted and resumed", async () => {
    const out = join(folder, "interrupted");
    const first = startCli(...(await words("interrupted", { watch })), "--json", "--out", out);
    await first.printed('"step":6,');
    first.process.kill("SIGKILL");
    await first.ended;
    expect((await runCli("train", "--resume", "--quiet", "--out", out)).exitCode).toBe(0);
    for (const name of ["maps.jsonl", "map-images.json", "log.jsonl"]) {
      expect(await read(out, name), name).toBe(await read(recorded, name));
    }
  });
});
