import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readPth } from "@blockwise/pytorch";
import { readSafetensors } from "@blockwise/safetensors";
import { beforeAll, describe, expect, it } from "vitest";
import { writeDigits } from "./digit-folder.js";
import { runCli } from "./run-cli.js";
import { temporaryFolder } from "./temporary-folder.js";

const folder = temporaryFolder();
const run = join(folder, "run");
const fixture = (name: string): string =>
  fileURLToPath(new URL(`../src/__fixtures__/checkpoints/${name}`, import.meta.url));

const weights = fixture("blockwise-final.pth");

beforeAll(async () => {
  const end = await runCli("import", weights, "--out", run, "--image-size", "32", "--json");
  expect(end.stderr).toBe("");
  expect(JSON.parse(end.stdout)).toMatchObject({
    event: "result",
    weights: "blockwise-final.pth",
    missing: [],
  });
  await writeDigits(join(folder, "images"), { count: 12, classes: true });
}, 120_000);

describe("blockwise import and export", () => {
  it("give features of images, and the weights back", async () => {
    const features = join(folder, "features.safetensors");
    const read = await runCli("features", run, join(folder, "images"), "--out", features);
    expect(read.exitCode).toBe(0);
    const { tensors } = await readSafetensors(features);
    expect(tensors.get("layer4.head")?.shape).toEqual([12, 6]);
    const out = join(folder, "back.safetensors");
    const end = await runCli("export", run, "--out", out, "--layout", "paper");
    expect(end.stdout).toContain("tensors, named as in paper");
    const again = await runCli("export", run, "--out", out);
    expect([again.exitCode, again.stderr]).toEqual([2, expect.stringContaining("--force")]);
    const original = await readPth(weights);
    const back = await readSafetensors(out);
    expect(back.tensors.get("pool_conv_block_3.0.weight")).toEqual(
      original.get("pool_conv_block_3.0.weight"),
    );
  });

  it("give features to numpy and to data frames", async () => {
    const npy = join(folder, "features.npy");
    const read = await runCli("features", run, join(folder, "images"), "--out", npy);
    expect(read.stdout).toContain("12 images, layer4.raw");
    expect((await readFile(npy)).subarray(1, 6).toString()).toBe("NUMPY");
    expect((await readFile(join(folder, "features.rows.csv"), "utf8")).split("\r\n")).toHaveLength(14);
    const parquet = join(folder, "features.parquet");
    const table = ["features", run, join(folder, "images"), "--out", parquet, "--json"] as const;
    const end = await runCli(...table, "--block", "layer2", "--features", "head");
    expect(JSON.parse(end.stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({
      images: 12,
      tables: ["layer2.head"],
    });
    expect((await readFile(parquet)).subarray(0, 4).toString()).toBe("PAR1");
    const both = join(folder, "both.npy");
    expect((await runCli("features", run, "images", "--out", both, "--features", "both")).exitCode).toBe(2);

    await rm(npy);
    const words = ["features", run, join(folder, "images"), "--out", npy] as const;
    const beside = await runCli(...words);
    expect([beside.exitCode, beside.stderr]).toEqual([2, expect.stringContaining("features.rows.csv")]);
    expect((await runCli(...words, "--force")).exitCode).toBe(0);
    expect((await readFile(npy)).subarray(1, 6).toString()).toBe("NUMPY");
  });

  it("give an ONNX model, cut where it is asked for", async () => {
    const out = join(folder, "model.onnx");
    const end = await runCli("export", run, "--out", out, "--block", "layer2", "--json");
    expect(JSON.parse(end.stdout)).toMatchObject({ after: "layer2", outputs: ["map", "features", "head"] });
    expect((await readFile(out)).includes("layer2.0.conv1.weight")).toBe(true);
    expect((await readFile(out)).includes("layer3.0.conv1.weight")).toBe(false);
  });

  it("give a TensorFlow.js model in a folder of its own", async () => {
    const out = join(folder, "model");
    const command = ["export", run, "--format", "tfjs", "--out", out, "--json"] as const;
    const end = await runCli(...command, "--all-blocks", "--no-head", "--block", "layer2");
    expect(JSON.parse(end.stdout)).toMatchObject({
      after: "layer2",
      outputs: ["layer1.features", "layer2.features", "map", "features"],
      files: ["group1-shard1of1.bin", "model.json"],
    });
    const again = await runCli(...command);
    expect(again.exitCode).toBe(2);
    expect(again.stderr).toContain("empty or not there yet");
    expect((await runCli(...command, "--force")).exitCode).toBe(0);
    expect(JSON.parse(await readFile(join(out, "model.json"), "utf8")).signature.outputs).toHaveProperty([
      "map",
    ]);
  });

  it("make a page of nearest neighbours by block", async () => {
    const out = join(folder, "demo");
    const end = await runCli("demo", run, join(folder, "images"), "--out", out, "--gallery", "6", "--json");
    expect(JSON.parse(end.stdout)).toMatchObject({
      images: 6,
      blocks: ["layer1", "layer2", "layer3", "layer4"],
    });
    const gallery = JSON.parse(await readFile(join(out, "gallery.json"), "utf8"));
    const numbers = gallery.blocks.reduce((sum: number, { dim }: { dim: number }) => sum + dim, 0);
    expect(await readFile(join(out, "features.bin"))).toHaveLength(4 * 6 * numbers);
    expect(
      JSON.parse(await readFile(join(out, "model/model.json"), "utf8")).signature.outputs,
    ).toHaveProperty(["layer4.features"]);
    expect(await readFile(join(out, "index.html"), "utf8")).toContain("demo.js");
  });

  it("keep what the network is in the run, which has no training to go on with", async () => {
    expect(JSON.parse(await readFile(join(run, "config.json"), "utf8"))).toMatchObject({
      data: { normalization: "imagenet", imageSize: 32 },
      partition: "stages",
    });
    const resumed = await runCli("train", "--resume", "--out", run);
    expect(resumed.exitCode).toBe(2);
    expect(resumed.stderr).toContain("weights were imported");
  });

  it("refuse what is no such file, what would run code, and folders that are taken", async () => {
    const out = join(folder, "other");
    const wrong = await runCli("import", join(run, "config.json"), "--out", out);
    expect([wrong.exitCode, wrong.stderr]).toEqual([1, expect.stringContaining("BLOCKWISE_MALFORMED_FILE")]);
    const evil = fileURLToPath(
      new URL("../../../packages/pytorch/src/__fixtures__/evil.pth", import.meta.url),
    );
    const refused = await runCli("import", evil, "--out", out);
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining("posix.system")]);
    const taken = await runCli("import", weights, "--out", run);
    expect(taken.exitCode).toBe(2);
    const cut = await runCli("export", run, "--out", join(folder, "w.safetensors"), "--block", "layer1");
    expect([cut.exitCode, cut.stderr]).toEqual([2, expect.stringContaining("block")]);
    const misnamed = await runCli("export", run, "--out", join(folder, "weights.txt"));
    expect([misnamed.exitCode, misnamed.stderr]).toEqual([2, expect.stringContaining(".safetensors")]);
  });
});
