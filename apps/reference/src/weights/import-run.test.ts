import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createFeatureProbe } from "@blockwise/core";
import { createEngine } from "@blockwise/engine";
import { readPth } from "@blockwise/pytorch";
import { writeSafetensors } from "@blockwise/safetensors";
import { InvalidOptionError, MissingStateError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readResolvedConfig } from "../config/load-config.js";
import { readInputRecord } from "../run/input-record.js";
import { openNetwork } from "../run/open-network.js";
import { createPlugins } from "../run/plugins.js";
import { runFolder } from "../run/run-folder.js";
import { type ImportRecord, type ImportRequest, importRun } from "./import-run.js";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../__fixtures__/checkpoints/${name}`, import.meta.url));

/** PyTorch's features of two images after each stage, by file. */
const golden: Readonly<Record<string, readonly Record<"raw" | "head", readonly number[][]>[]>> = JSON.parse(
  await readFile(fixture("golden.json"), "utf8"),
);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blockwise-import-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function importing(weights: string, changes: Partial<ImportRequest> = {}): ImportRequest {
  return {
    weights,
    out: join(folder, Math.random().toString(36).slice(2)),
    prefix: null,
    opaque: [],
    projectors: false,
    config: { preset: null, file: null, flags: { data: { imageSize: 48 }, engine: "wasm" } },
    ...changes,
  };
}

/** The images of `write_checkpoints.py`, `[2, 48, 48, 3]`. */
function images(): tf.Tensor4D {
  const values = Float32Array.from({ length: 2 * 3 * 48 * 48 }, (_, index) =>
    Math.sin(0.37 * index + 0.001 * (index % 97)),
  );
  return tf.tidy(() => tf.transpose(tf.tensor4d(values, [2, 3, 48, 48]), [0, 2, 3, 1]));
}

/** The largest difference from PyTorch's features, over all depths. */
async function errorOf(out: string, name: string): Promise<number> {
  const config = await readResolvedConfig(runFolder(out).config);
  const input = await readInputRecord(out);
  const engine = await createEngine({ name: config.engine });
  const plugins = await createPlugins(config, input);
  const network = await openNetwork({ config, engine, data: input, plugins }, out);
  const probe = createFeatureProbe({ network, head: plugins.head, seed: 0 });
  const batch = images();
  let error = 0;
  for (const [depth, features] of probe.features(batch).entries()) {
    for (const kind of ["raw", "head"] as const) {
      const wanted = golden[name]?.[depth]?.[kind].flat() ?? [];
      const values = features[kind].dataSync();
      expect(values).toHaveLength(wanted.length);
      for (const [index, value] of wanted.entries())
        error = Math.max(error, Math.abs(value - (values[index] ?? Number.NaN)));
      features[kind].dispose();
    }
  }
  batch.dispose();
  probe.dispose();
  network.dispose();
  return error;
}

async function imported(name: string, changes: Partial<ImportRequest> = {}): Promise<ImportRecord> {
  const request = importing(fixture(name), changes);
  const record = await importRun(request);
  expect(await errorOf(request.out, name)).toBeLessThan(1e-4);
  return record;
}

describe("imported runs have PyTorch's features", () => {
  it("the paper's final backbone, with its four heads", async () => {
    const record = await imported("blockwise-final.pth");
    expect(record.network).toMatchObject({
      depth: { unit: "bottleneck", unitCounts: [1, 1, 2, 1] },
      width: 2,
      stem: "imagenet",
    });
    expect(record.head).toEqual({ kind: "convolution-expansion", dim: 6, kernelSize: 1 });
    expect(record.unused.every((name) => name.endsWith("num_batches_tracked"))).toBe(true);
  });

  it("its checkpoint of training, with projectors on request", async () => {
    const without = await imported("blockwise-training.pth");
    expect(without.prefix).toBe("model.module.backbone.");
    expect(without.unused).toContain("model.module.projector_list.2.0.weight");
    const record = await imported("blockwise-training.pth", { projectors: true });
    expect(record.missing).toEqual([]);
    expect(record.unused).not.toContain("model.module.projector_list.2.0.weight");
    expect(record.unused).toContain("model.module.bn.running_mean");
  });

  it("Barlow Twins' checkpoint of training", async () => {
    const record = await imported("barlow-twins-training.pth", { projectors: true });
    expect(record.prefix).toBe("model.module.backbone.");
    expect(record.missing).toEqual([]);
  });

  it("torchvision's classifier, whose last layer is left out", async () => {
    expect((await imported("classifier.pth")).unused).toEqual(
      expect.arrayContaining(["fc.weight", "fc.bias", "bn1.num_batches_tracked"]),
    );
  });

  it("weights of 16 bits", async () => {
    expect((await imported("half.pth")).prefix).toBe("state_dict.");
  });

  it("the same from a safetensors file", async () => {
    const path = join(folder, "classifier.safetensors");
    await writeSafetensors(path, { tensors: await readPth(fixture("classifier.pth")) });
    const request = importing(path);
    await importRun(request);
    expect(await errorOf(request.out, "classifier.pth")).toBeLessThan(1e-4);
  });
});

describe("imported runs normalise images", () => {
  const flags = (normalization?: unknown): ImportRequest["config"] => ({
    preset: null,
    file: null,
    flags: {
      data: { imageSize: 48, ...(normalization === undefined ? {} : { normalization }) },
      engine: "wasm",
    },
  });
  const statedBy = async (config: ImportRequest["config"]): Promise<unknown> => {
    const request = importing(fixture("classifier.pth"), { config });
    await importRun(request);
    const { mean, std } = await readInputRecord(request.out);
    const { data } = await readResolvedConfig(runFolder(request.out).config);
    return { normalization: data.normalization, mean, std };
  };

  it("as the weights were trained: by ImageNet's numbers, others that have names, or any", async () => {
    expect(await statedBy(flags())).toEqual({
      normalization: "imagenet",
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    });
    expect(await statedBy(flags("half"))).toEqual({
      normalization: "half",
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
    });
    const own = { mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6] };
    expect(await statedBy(flags(own))).toEqual({ normalization: own, ...own });
  });

  it("as a file says, unless the command line does", async () => {
    const file = join(folder, "normalization.json");
    await writeFile(file, JSON.stringify({ data: { normalization: "none" } }));
    expect(await statedBy({ ...flags(), file })).toMatchObject({ mean: [0, 0, 0] });
    expect(await statedBy({ ...flags("half"), file })).toMatchObject({ mean: [0.5, 0.5, 0.5] });
  });

  it("by nothing that has to be measured, or is of other channels", async () => {
    for (const normalization of ["measured", "imagnet", { mean: [0, 0], std: [1] }, { mean: [0], std: [0] }])
      await expect(statedBy(flags(normalization))).rejects.toThrow(InvalidOptionError);
  });
});

describe("importRun refuses", () => {
  const weightsWithout = async (name: string): Promise<string> => {
    const tensors = new Map(await readPth(fixture("blockwise-final.pth")));
    expect(tensors.delete(name)).toBe(true);
    const path = join(folder, `${name}.safetensors`);
    await writeSafetensors(path, { tensors });
    return path;
  };

  it("a backbone or head that lacks a tensor, and writes no run", async () => {
    for (const name of ["layer3.1.bn2.running_var", "pool_conv_block_2.1.bias"]) {
      const request = importing(await weightsWithout(name));
      const own = name.replace("pool_conv_block_2.", "pool_head.1.");
      await expect(importRun(request)).rejects.toThrow(MissingStateError);
      await expect(importRun(request)).rejects.toThrow(own);
      await expect(readFile(runFolder(request.out).config)).rejects.toThrow("ENOENT");
    }
  });

  it("a prefix that the file does not have", async () => {
    await expect(importRun(importing(fixture("classifier.pth"), { prefix: "ema." }))).rejects.toThrow(
      InvalidOptionError,
    );
  });
});
