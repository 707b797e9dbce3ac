import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createEngine } from "@blockwise/engine";
import { readSafetensors, type SafetensorsFile } from "@blockwise/safetensors";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import type { Variant } from "./build-network.js";
import { type ParityCase, parseCases } from "./case-format.js";
import type { ComparisonKind } from "./compare.js";
import { runCase } from "./run-case.js";

const folder = fileURLToPath(new URL("./__fixtures__/", import.meta.url));
const cases = parseCases(readFileSync(`${folder}cases.json`, "utf8"), "cases.json");
/** The one that takes the least time. */
const cheapest = cases.find(({ name }) => name === "basic-cifar-vicreg-blockwise") as ParityCase;

function goldenOf({ name }: ParityCase): Promise<SafetensorsFile> {
  return readSafetensors(`${folder}${name}.safetensors`);
}

/** How many tensors of each kind a golden file holds for what is trained. */
function countGolden({ tensors }: SafetensorsFile, { detach }: ParityCase): Record<ComparisonKind, number> {
  // End to end only the last head and projector are trained; the others stand in the file as they began.
  const names = [...tensors.keys()].filter(
    (name) => detach || !/^final\.(pool_head|projector)\.[012]\./.test(name),
  );
  const count = (pattern: RegExp): number => names.filter((name) => pattern.test(name)).length;
  return {
    features: count(/^step0\.block|^final\.eval\./),
    gradients: count(/^step0\.grad\./),
    losses: count(/^step\d+\.losses$/),
    weights: count(/^final\.(?!eval\.)/),
  };
}

async function expectParity(
  parityCase: ParityCase,
  name: "cpu" | "wasm",
  variant: Variant = {},
): Promise<void> {
  const golden = await goldenOf(parityCase);
  const engine = await createEngine({ name });
  const tensors = tf.memory().numTensors;
  const { worst, passed } = runCase(parityCase, golden, engine, variant);
  const compared = Object.fromEntries([...worst].map(([kind, figure]) => [kind, figure.compared]));
  expect(compared).toEqual(countGolden(golden, parityCase));
  expect(passed, JSON.stringify([...worst])).toBe(true);
  expect(tf.memory().numTensors).toBe(tensors);
}

describe("parity with PyTorch", () => {
  it.each(cases.map((parityCase) => [parityCase.name, parityCase] as const))("wasm: %s", (_, parityCase) =>
    expectParity(parityCase, "wasm"),
  );

  it("wasm: bottleneck-imagenet-barlow-blockwise, the heads' maps cut image by image", () => {
    const parityCase = cases.find(
      ({ name }) => name === "bottleneck-imagenet-barlow-blockwise",
    ) as ParityCase;
    expect(parityCase.head).toBe("cbe1");
    return expectParity(parityCase, "wasm", { chunkBytes: 1 });
  });

  it(`cpu: ${cheapest.name}`, () => expectParity(cheapest, "cpu"));
});

/** The cheapest case against a golden file in which something was changed. */
async function runChanged(
  change: (tensors: Map<string, { shape: readonly number[]; data: Float32Array }>) => void,
  changedCase: Partial<ParityCase> = {},
  original: ParityCase = cheapest,
): Promise<ReturnType<typeof runCase>> {
  const golden = await goldenOf(original);
  const engine = await createEngine({ name: "wasm" });
  const copies = new Map(
    [...golden.tensors].map(([name, { shape, data }]) => [
      name,
      { shape, data: (data as Float32Array).slice() },
    ]),
  );
  change(copies);
  const tensors = new Map([...copies].map(([name, copy]) => [name, { dtype: "F32" as const, ...copy }]));
  return runCase({ ...original, ...changedCase } as ParityCase, { ...golden, tensors }, engine);
}

describe("a difference that must be noticed", () => {
  it.each<[ComparisonKind, string, number]>([
    ["features", "step0.block2.z2", 3e-4],
    ["features", "final.eval.block4.rep1", 3e-4],
    ["losses", "step2.losses", 3e-4],
    ["gradients", "step0.grad.layer3.0.conv1.weight", 3e-3],
    ["weights", "final.layer1.0.bn2.running_var", 3e-3],
    ["weights", "final.projector.3.3.weight", 3e-3],
  ])("%s: %s that is off by %d", async (kind, name, factor) => {
    const { passed, worst } = await runChanged((tensors) => {
      const data = tensors.get(name)?.data ?? new Float32Array();
      for (const [index, value] of data.entries()) data[index] = value * (1 + factor);
    });
    expect(passed).toBe(false);
    expect(worst.get(kind)?.tensor).toBe(name);
  });

  it("a start that is off, in one weight", async () => {
    const { passed } = await runChanged((tensors) => {
      const { data } = tensors.get("init.layer1.0.conv1.weight") ?? { data: new Float32Array() };
      data[0] = (data[0] ?? 0) + 0.05;
    });
    expect(passed).toBe(false);
  });

  it.each<[string, Partial<ParityCase>]>([
    ["a constant of the loss", { coeffs: [25, 25, 1.01] }],
    ["a learning rate", { lars_lrs: [0.1, 0.4, 0.31] }],
  ])("%s that is off", async (_, changes) => {
    expect((await runChanged(() => undefined, changes)).passed).toBe(false);
  });

  it.each<[string, string, Partial<ParityCase>]>([
    ["a label", "basic-cifar-cross-entropy-blockwise", { labels: [0, 1, 2, 3, 3, 2] }],
    ["the smoothing of targets", "basic-cifar-cross-entropy-blockwise", { smoothing: 0.11 }],
    ["a temperature", "basic-cifar-greedy-infomax-blockwise", { temperature: 2.02 }],
    ["the next block's weight", "basic-cifar-look-ahead-blockwise", { weight: 0.51 }],
  ])("%s that is off", async (_, name, changes) => {
    const original = cases.find((item) => item.name === name);
    expect((await runChanged(() => undefined, changes, original)).passed).toBe(false);
  });

  it("values that are no numbers", async () => {
    const { passed } = await runChanged(
      (tensors) => void tensors.get("final.conv1.weight")?.data.fill(Number.NaN, 0, 1),
    );
    expect(passed).toBe(false);
  });
});

describe("a golden file that does not fit its case", () => {
  it.each(["init.layer2.0.bn1.weight", "step0.block1.rep1", "final.conv1.weight", "input.view2"])(
    "names the tensor that it lacks: %s",
    async (name) => {
      await expect(runChanged((tensors) => void tensors.delete(name))).rejects.toThrow(
        expect.objectContaining({
          code: "BLOCKWISE_MALFORMED_FILE",
          message: `${cheapest.name}.safetensors lacks the float32 tensor "${name}".`,
        }),
      );
    },
  );

  it.each(["init.conv1.weight", "input.view1"])("names the tensor of another shape: %s", async (name) => {
    const attempt = runChanged((tensors) => {
      const { shape, data } = tensors.get(name) ?? { shape: [], data: new Float32Array() };
      tensors.set(name, { shape: shape.toReversed(), data });
    });
    await expect(attempt).rejects.toThrow(
      expect.objectContaining({
        code: "BLOCKWISE_MALFORMED_FILE",
        message: expect.stringContaining(`Tensor "${name}" in ${cheapest.name}.safetensors must have shape`),
      }),
    );
  });
});
