import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InvalidOptionError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportTfjs, type TfjsCut } from "./export-tfjs.js";
import { importRun } from "./import-run.js";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../__fixtures__/checkpoints/${name}`, import.meta.url));

/** PyTorch's features of two images after each stage, by file. */
const golden: Readonly<Record<string, readonly Record<"raw" | "head", readonly number[][]>[]>> = JSON.parse(
  await readFile(fixture("golden.json"), "utf8"),
);
/** What rounding may change of values of about 1. */
const tolerance = 1e-5;

let folder: string;
const files = ["blockwise-final.pth", "barlow-twins-training.pth"] as const;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blockwise-tfjs-"));
  const config = { preset: null, file: null, flags: { data: { imageSize: 48 }, engine: "wasm" } };
  for (const name of files) {
    const out = join(folder, name);
    await importRun({ weights: fixture(name), out, prefix: null, opaque: [], projectors: false, config });
  }
  await tf.setBackend("cpu");
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The images of `write_checkpoints.py`, channels last. */
function images(): tf.Tensor {
  return tf.tidy(() => {
    const values = Float32Array.from({ length: 2 * 3 * 48 * 48 }, (_, index) =>
      Math.sin(0.37 * index + 0.001 * (index % 97)),
    );
    return tf.transpose(tf.tensor4d(values, [2, 3, 48, 48]), [0, 2, 3, 1]);
  });
}

/** Reads a model's files from its folder, as `tf.io` has no such thing in Node. */
function fromFolder(path: string): tf.io.IOHandler {
  return {
    load: async () => {
      const { weightsManifest, ...model } = JSON.parse(await readFile(join(path, "model.json"), "utf8")) as {
        readonly weightsManifest: tf.io.WeightsManifestConfig;
      } & tf.io.ModelArtifacts;
      const shards = weightsManifest.flatMap(({ paths }) => paths);
      const bytes = await Promise.all(shards.map((name) => readFile(join(path, name))));
      const weightData = new Uint8Array(Buffer.concat(bytes)).buffer;
      return { ...model, weightData, weightSpecs: weightsManifest.flatMap(({ weights }) => weights) };
    },
  };
}

async function outputsOf(
  name: string,
  cut: Partial<TfjsCut>,
): Promise<{ readonly outputs: Readonly<Record<string, tf.Tensor>>; readonly metadata: object }> {
  const out = await mkdtemp(join(folder, "model-"));
  const request = { run: join(folder, name), out, after: null, head: "auto", allBlocks: false } as const;
  const written = await exportTfjs({ ...request, ...cut });
  const model = await tf.loadGraphModel(fromFolder(out));
  const outputs = model.predict(images()) as tf.NamedTensorMap;
  expect(Object.keys(outputs)).toEqual(written.outputs);
  return { outputs, metadata: model.metadata };
}

function errorOf(output: tf.Tensor | undefined, wanted: readonly number[][] | undefined): number {
  const values = output?.dataSync() ?? [];
  const flat = wanted?.flat() ?? [];
  expect(values).toHaveLength(flat.length);
  return Math.max(...flat.map((value, index) => Math.abs(value - (values[index] ?? Number.NaN))));
}

describe.each(files)("%s, exported to TensorFlow.js", (name) => {
  it("has PyTorch's features and heads of every block in one model", async () => {
    const { outputs, metadata } = await outputsOf(name, { allBlocks: true });
    expect(metadata).toMatchObject({ imageSize: 48, channels: 3, mean: [0.485, 0.456, 0.406] });
    for (const [stage, wanted] of (golden[name] ?? []).entries()) {
      expect(errorOf(outputs[`layer${stage + 1}.features`], wanted.raw)).toBeLessThan(tolerance);
      expect(errorOf(outputs[`layer${stage + 1}.head`], wanted.head)).toBeLessThan(tolerance);
    }
  });

  it("has those of a cut network", async () => {
    const { outputs } = await outputsOf(name, { after: "layer2" });
    expect(Object.keys(outputs)).toEqual(["map", "features", "head"]);
    expect(errorOf(outputs.features, golden[name]?.[1]?.raw)).toBeLessThan(tolerance);
    expect(errorOf(outputs.head, golden[name]?.[1]?.head)).toBeLessThan(tolerance);
  });
});

describe("exportTfjs", () => {
  it("leaves heads out, or insists on them", async () => {
    const { outputs } = await outputsOf(files[0], { head: "without", allBlocks: true });
    expect(Object.keys(outputs).filter((name) => name.includes("head"))).toEqual([]);
    expect(Object.keys((await outputsOf(files[0], { head: "with" })).outputs)).toContain("head");
    await expect(outputsOf(files[0], { head: "with", after: "layer3.0" })).rejects.toThrow(
      InvalidOptionError,
    );
  });

  it("says what the network can be cut after", async () => {
    await expect(outputsOf(files[0], { after: "layer5" })).rejects.toThrow("layer1, layer2");
  });
});
