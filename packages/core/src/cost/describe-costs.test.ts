import { type ResNetDepth, resnet } from "@blockwise/backbone-resnet";
import { createEngine } from "@blockwise/engine";
import { convolutionExpansion, globalPool, localPool, mlpProjector } from "@blockwise/heads";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import type { HeadV1, LayerV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import type { NetworkOptions } from "../wiring/block-definition.js";
import { type BlockCost, describeCosts, total } from "./describe-costs.js";
import { activationSizeOf, multiplyAddsOf } from "./layer-cost.js";
import { measureActivations } from "./measure-activations.js";

const paper: NetworkOptions = {
  backbone: resnet({ depth: 50, zeroInitResidual: true }),
  partition: "stages",
  head: convolutionExpansion(),
  projector: mlpProjector(),
  loss: barlowTwins(),
  imageShape: [224, 224, 3],
  batchSize: 2048,
  classCount: null,
};

const small: NetworkOptions = {
  ...paper,
  backbone: resnet({ depth: 18, width: 8, stem: "cifar" }),
  head: convolutionExpansion({ dim: 24 }),
  projector: mlpProjector({ widths: [32, 32, 16] }),
  imageShape: [32, 32, 3],
  batchSize: 10,
};

describe("describeCosts", () => {
  // Published for these networks with their classifier of 1000 classes: torchvision's tables give 1.81, 3.66 and 4.09 GMAC.
  it.each<[ResNetDepth, number]>([
    [18, 1_814_073_344],
    [34, 3_663_761_408],
    [50, 4_089_184_256],
  ])("counts ResNet-%i at 224 pixels as is known", (depth, expected) => {
    const [whole] = describeCosts({ ...paper, backbone: resnet({ depth }), partition: "end-to-end" });
    const classifier = 1000 * (depth === 50 ? 2048 : 512);
    expect((whole?.multiplyAdds.backbone ?? 0) + classifier).toBe(expected);
  });

  it("counts the paper's parameters, block by block, without making them", async () => {
    await createEngine({ name: "wasm" });
    const before = tf.memory().numTensors;
    const costs = describeCosts(paper);
    expect(tf.memory().numTensors).toBe(before);
    expect(costs.map(({ id, parameters }) => ({ id, ...parameters }))).toEqual([
      { id: "layer1", backbone: 225_344, head: 528_384, projector: 151_027_712, loss: 0, borrowed: 0 },
      { id: "layer2", backbone: 1_219_584, head: 1_052_672, projector: 151_027_712, loss: 0, borrowed: 0 },
      { id: "layer3", backbone: 7_098_368, head: 2_101_248, projector: 151_027_712, loss: 0, borrowed: 0 },
      { id: "layer4", backbone: 14_964_736, head: 4_198_400, projector: 151_027_712, loss: 0, borrowed: 0 },
    ]);
  });

  it("takes three passes of both views and two operations a multiplication for a step", () => {
    for (const { flopsPerStep, multiplyAdds } of describeCosts(small)) {
      expect(flopsPerStep).toBe(2 * 3 * 2 * 10 * total(multiplyAdds));
    }
    const sum = (options: NetworkOptions) =>
      describeCosts(options).reduce((all, { multiplyAdds }) => all + multiplyAdds.backbone, 0);
    expect(sum(small)).toBe(sum({ ...small, partition: "end-to-end" }));
  });

  it("adds the next block's passes for a loss that looks at it", () => {
    const plain = describeCosts(small);
    const loss = barlowTwins();
    const looking = { ...loss, capabilities: { ...loss.capabilities, nextBlock: true } };
    const costs = describeCosts({ ...small, loss: looking });
    const second = plain[1] as BlockCost;
    expect((costs[0]?.flopsPerStep ?? 0) - (plain[0]?.flopsPerStep ?? 0)).toBe(
      2 * 2 * (2 * 10) * total(second.multiplyAdds),
    );
    expect(costs[0]?.activationBytes.next).toBe(total(second.activationBytes));
    expect(costs[3]).toEqual(plain[3]);
  });

  const cutHead = convolutionExpansion({ dim: 24, chunkBytes: 1 });

  it("counts the activations that the engine is measured to hold", async () => {
    const engine = await createEngine({ name: "wasm" });
    for (const partition of ["stages", "end-to-end"] as const) {
      for (const head of [small.head, globalPool(), localPool({ grid: 2 }), cutHead]) {
        const options = { ...small, partition, head };
        const before = tf.memory().numTensors;
        const measured = measureActivations(options, { engine });
        expect(tf.memory().numTensors).toBe(before);
        expect(measured).toHaveLength(partition === "stages" ? 4 : 1);
        for (const [index, { activationBytes }] of describeCosts(options).entries()) {
          expect({ ...measured[index], next: 0 }).toEqual(activationBytes);
        }
      }
    }
  });

  it("counts units that two blocks share as work of both, and their parameters once", async () => {
    const ids = small.backbone.units.map(({ id }) => id);
    const of = (partition: NetworkOptions["partition"]) => describeCosts({ ...small, partition });
    const sum = (costs: ReturnType<typeof of>, part: "multiplyAdds" | "parameters") =>
      costs.reduce((all, cost) => all + cost[part].backbone, 0);
    const overlapping = [ids.slice(0, 5), ids.slice(3)];
    const [apart, shared] = [of([ids.slice(0, 3), ids.slice(3)]), of(overlapping)];
    const unit = of([ids.slice(0, 3), ids.slice(3, 5), ids.slice(5)])[1];
    expect(sum(shared, "parameters")).toBe(sum(apart, "parameters"));
    expect(sum(shared, "multiplyAdds")).toBe(sum(apart, "multiplyAdds") + (unit?.multiplyAdds.backbone ?? 0));
    expect(shared.map(({ parameters }) => parameters.loss)).toEqual([0, 0]);
    expect([shared[0]?.outputBytes, shared[1]?.inputBytes]).toEqual(Array(2).fill(apart[0]?.outputBytes));
    const engine = await createEngine({ name: "wasm" });
    const measured = measureActivations({ ...small, partition: overlapping }, { engine });
    expect(measured.map((bytes) => ({ ...bytes, next: 0 }))).toEqual(
      shared.map(({ activationBytes }) => activationBytes),
    );
  });

  it("counts less for a head that cuts large batches", async () => {
    const engine = await createEngine({ name: "wasm" });
    // 6 images of 32 x 32 pixels: cut in the first block only.
    const head = convolutionExpansion({ dim: 24, chunkBytes: 32 * 32 * 24 * 4 * 5 });
    const options = { ...small, head, batchSize: 6 };
    const bytes = 2 * 6 * 24 * 4;
    expect(describeCosts(options)[0]?.activationBytes.head).toBe(bytes);
    expect(measureActivations(options, { engine })[0]?.head).toBe(bytes);
    const whole = describeCosts({ ...options, batchSize: 5 })[0]?.activationBytes.head;
    expect(whole).toBe(2 * 5 * (32 * 32 + 1) * 24 * 4);
  });

  it("leaves layers unmeasured that have too many parameters to be run for that", async () => {
    const engine = await createEngine({ name: "wasm" });
    const [block] = measureActivations(small, { engine, largestParameterCount: 1000 });
    expect(block?.backbone).toBeNull();
    expect(block?.head).not.toBeNull();
  });
});

describe("layers that do not say what they cost", () => {
  const silent = ({ multiplyAdds: _, activationSize: __, ...layer }: LayerV1): LayerV1 => layer;
  const create = (plugin: HeadV1, inputShape: readonly number[]) => plugin.doCreate({ inputShape });

  it("are estimated from their parameters", () => {
    const expansion = create(convolutionExpansion({ dim: 24, kernelSize: 3 }), [8, 8, 4]);
    expect(multiplyAddsOf(silent(expansion), [8, 8, 4])).toBe(multiplyAddsOf(expansion, [8, 8, 4]));
    // Twice its map, as if the norm behind it were kept too.
    expect(activationSizeOf(silent(expansion), [8, 8, 4])).toBe(2 * 8 * 8 * 24);
    const projector = mlpProjector({ widths: [32, 16] }).doCreate({ inputShape: [24] });
    expect(multiplyAddsOf(silent(projector), [24])).toBe(24 * 32 + 32 * 16);
    const pool = create(globalPool(), [8, 8, 4]);
    expect(multiplyAddsOf(silent(pool), [8, 8, 4])).toBe(0);
    expect(activationSizeOf(silent(pool), [8, 8, 4])).toBe(4);
  });

  it("come close in a residual unit", () => {
    const unit = resnet({ depth: 50 }).units[4]?.layer as LayerV1;
    const told = multiplyAddsOf(unit, [56, 56, 256]);
    expect(multiplyAddsOf(silent(unit), [56, 56, 256]) / told).toBeGreaterThan(0.7);
    expect(multiplyAddsOf(silent(unit), [56, 56, 256]) / told).toBeLessThan(1);
  });
});
