import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InvalidOptionError } from "@blockwise/spec";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportOnnx } from "./export-onnx.js";
import { importRun } from "./import-run.js";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../__fixtures__/checkpoints/${name}`, import.meta.url));

/** PyTorch's features of two images after each stage, by file. */
const golden: Readonly<Record<string, readonly Record<"raw" | "head", readonly number[][]>[]>> = JSON.parse(
  await readFile(fixture("golden.json"), "utf8"),
);
const files = ["blockwise-final.pth", "barlow-twins-training.pth"] as const;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blockwise-onnx-"));
  const config = { preset: null, file: null, flags: { data: { imageSize: 48 }, engine: "wasm" } };
  for (const name of files) {
    const out = join(folder, name);
    await importRun({ weights: fixture(name), out, prefix: null, opaque: [], projectors: false, config });
  }
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The images of `write_checkpoints.py`, in either axis order. */
function images(channels: "first" | "last"): Tensor {
  const first = Float32Array.from({ length: 2 * 3 * 48 * 48 }, (_, index) =>
    Math.sin(0.37 * index + 0.001 * (index % 97)),
  );
  if (channels === "first") return new Tensor("float32", first, [2, 3, 48, 48]);
  const last = new Float32Array(first.length);
  for (const [index, value] of first.entries()) {
    const image = Math.floor(index / (3 * 48 * 48));
    const channel = Math.floor(index / (48 * 48)) % 3;
    last[(image * 48 * 48 + (index % (48 * 48))) * 3 + channel] = value;
  }
  return new Tensor("float32", last, [2, 48, 48, 3]);
}

async function outputsOf(
  name: string,
  after: string | null,
  channels: "first" | "last" = "first",
): Promise<InferenceSession.ReturnType> {
  const out = join(folder, "model.onnx");
  await exportOnnx({ run: join(folder, name), out, after, head: "auto", channels });
  const session = await InferenceSession.create(out);
  const outputs = await session.run({ images: images(channels) });
  await session.release();
  return outputs;
}

function errorOf(output: Tensor | undefined, wanted: readonly number[][] | undefined): number {
  const values = output?.data as Float32Array;
  const flat = wanted?.flat() ?? [];
  expect(values).toHaveLength(flat.length);
  return Math.max(...flat.map((value, index) => Math.abs(value - (values[index] ?? Number.NaN))));
}

describe.each(files)("%s, exported to ONNX and run by ONNX Runtime", (name) => {
  it("has PyTorch's features and heads after every stage", async () => {
    for (const [stage, wanted] of (golden[name] ?? []).entries()) {
      const { features, head } = await outputsOf(name, `layer${stage + 1}`);
      expect(errorOf(features, wanted.raw)).toBeLessThan(1e-4);
      expect(errorOf(head, wanted.head)).toBeLessThan(1e-4);
    }
  });

  it("has those of the last stage as a whole, in both axis orders", async () => {
    for (const channels of ["first", "last"] as const) {
      const { features, map } = await outputsOf(name, null, channels);
      expect(errorOf(features, golden[name]?.[3]?.raw)).toBeLessThan(1e-4);
      const [batch, height, width, depth] = [2, 2, 2, features?.dims[1]];
      expect(map?.dims).toEqual(
        channels === "first" ? [batch, depth, height, width] : [batch, height, width, depth],
      );
    }
  });
});

describe("exportOnnx", () => {
  it("cuts after a unit too, where there is no head", async () => {
    expect(Object.keys(await outputsOf("blockwise-final.pth", "layer3.0")).sort()).toEqual([
      "features",
      "map",
    ]);
  });

  it("says what the network can be cut after", async () => {
    const request = {
      run: join(folder, files[0]),
      out: join(folder, "no.onnx"),
      head: "auto",
      channels: "first",
    } as const;
    await expect(exportOnnx({ ...request, after: "layer5" })).rejects.toThrow(InvalidOptionError);
    await expect(exportOnnx({ ...request, after: "layer5" })).rejects.toThrow("layer1, layer2");
  });
});
