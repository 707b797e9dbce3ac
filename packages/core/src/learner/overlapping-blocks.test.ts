import { resnet } from "@blockwise/backbone-resnet";
import { createEngine } from "@blockwise/engine";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { sgd } from "@blockwise/optim";
import type { EngineV1, LocalLossV1, LocalLossViewV1, TensorMap } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  differences,
  scaledLoss,
  tinyNetwork,
  tinyViews,
  train,
  valuesOf,
} from "../__fixtures__/tiny-network.js";
import type { Network } from "../wiring/network.js";
import { gradientsOf } from "./gradients-of.js";
import { layerContext } from "./layer-context.js";

let engine: EngineV1;
beforeAll(async () => {
  engine = await createEngine({ name: "wasm" });
});

/** Three blocks; the one in the middle borrows a unit and lends one. */
const overlapping = {
  backbone: resnet({ depth: { unit: "basic", unitCounts: [1, 2, 2] }, width: 4, stem: "cifar" }),
  partition: [
    ["stem", "layer1.0", "layer2.0"],
    ["layer2.0", "layer2.1", "layer3.0"],
    ["layer3.0", "layer3.1"],
  ],
  optimizer: sgd({ momentum: 0, weightDecay: 0 }),
} as const;
const noise = { kind: "all", standardDeviation: 0.25 } as const;

type Changes = Parameters<typeof tinyNetwork>[1];

const overlappingNetwork = (changes: Changes = {}): Network =>
  tinyNetwork(engine, { ...overlapping, ...changes });

/** How far one step moves every parameter. */
function movesOf(changes: Changes): Record<string, Float32Array> {
  const network = overlappingNetwork(changes);
  const before = valuesOf(network);
  train(network, 1);
  const after = valuesOf(network);
  network.dispose();
  const names = Object.keys(before).filter((name) => name.startsWith("parameters:"));
  return Object.fromEntries(
    names.map((name) => [
      name.slice("parameters:".length),
      (after[name] ?? new Float32Array()).map((value, index) => value - (before[name]?.[index] ?? 0)),
    ]),
  );
}

const onlyBlock = (only: number): LocalLossV1 => scaledLoss(({ block }) => (block === only ? 1 : 0));
const moved = (moves: Record<string, Float32Array>): string[] =>
  Object.keys(moves)
    .filter((name) => moves[name]?.some((value) => value !== 0))
    .sort();
const isOf = (unit: string) => (name: string) => name.startsWith(`${unit}.`);

describe("blocks that share units", () => {
  it("keep each tensor once, in the block that lends it", () => {
    const network = overlappingNetwork();
    const plain = tinyNetwork(engine, { ...overlapping, partition: "units" });
    const inBackbone = ({ learners }: Network): string[] =>
      learners
        .flatMap(({ state }) => Object.keys({ ...state.parameters, ...state.buffers }))
        .filter((name) => !/^(pool_head|projector)/.test(name))
        .sort();
    expect(inBackbone(network)).toEqual(inBackbone(plain));
    const [first, second] = network.learners.map(({ definition }) => definition);
    const names = (specs: typeof first extends undefined ? never : readonly { name: string }[] = []) =>
      specs.map(({ name }) => name);
    expect(names(second?.borrowedParameters)).toEqual(names(first?.parameters).filter(isOf("layer2.0")));
    expect(names(second?.parameters).filter(isOf("layer2.0"))).toEqual([]);
    expect(network.learners.map(({ definition: { site } }) => site.mapShape)).toEqual([
      [4, 4, 8],
      [2, 2, 16],
      [2, 2, 16],
    ]);
    network.dispose();
    plain.dispose();
  });

  it("train shared units by the sum of both losses' gradients, and all others by one", () => {
    const together = movesOf({ noise, loss: scaledLoss(() => 1) });
    const alone = [0, 1, 2].map((block) => movesOf({ noise, loss: onlyBlock(block) }));
    for (const [name, move] of Object.entries(together)) {
      const sum = move.map((_, index) =>
        alone.reduce((total, moves) => total + (moves[name]?.[index] ?? 0), 0),
      );
      expect(move, name).toBeCloseToTensor([...sum], { relative: 1e-3, absolute: 1e-6 });
    }
    const network = overlappingNetwork();
    for (const [block, { definition }] of network.learners.entries()) {
      const own = [...definition.borrowedParameters, ...definition.parameters].map(({ name }) => name);
      expect(moved(alone[block] ?? {})).toEqual(own.sort());
    }
    network.dispose();
  });

  it("agree with a gradient composed by hand", () => {
    const network = overlappingNetwork({ loss: barlowTwins({ scale: 0.1 }) });
    const views = tinyViews(0);
    const shared = Object.keys(network.tensors().parameters).filter(isOf("layer2.0"));
    const reference = tf.tidy(() => {
      const { parameters, buffers } = network.tensors();
      const state = { parameters, buffers, updatedBuffers: null };
      const context = (prefix: string) =>
        layerContext(prefix, state, { training: true, operations: engine.operations });
      const through = (x: tf.Tensor, ids: readonly string[]): tf.Tensor =>
        overlapping.backbone.units
          .filter(({ id }) => ids.includes(id))
          .reduce((map, unit) => unit.layer.apply(map, context(unit.parameterPrefix)), x);
      const lossOf = (block: number, maps: readonly tf.Tensor[]): tf.Scalar => {
        const { head, projector, loss, site } = network.learners[block]?.definition ?? never();
        const seen = maps.map((map): LocalLossViewV1 => {
          const feature = head.layer.apply(map, context(head.prefix)) as tf.Tensor2D;
          const embedding = projector.layer.apply(feature, context(projector.prefix)) as tf.Tensor2D;
          return { map, feature, embedding };
        });
        const place = { next: null, labels: null, site, step: 0, stepCount: 1, context: context("loss.") };
        return loss.doCompute({ views: seen, ...place }).total;
      };
      const before = views.map((view) => through(view, ["stem", "layer1.0"]));
      const { gradients } = gradientsOf(
        () => {
          const behind = before.map((map) => through(map, ["layer2.0"]));
          const further = behind.map((map) => through(map, ["layer2.1", "layer3.0"]));
          return tf.add<tf.Scalar>(lossOf(0, behind), lossOf(1, further));
        },
        shared.map((name) => parameters[name] as tf.Tensor),
      );
      return gradients.map((gradient) => (gradient as tf.Tensor).dataSync<"float32">().slice());
    });
    const before = valuesOf(network);
    train(network, 1);
    const after = valuesOf(network);
    for (const [index, name] of shared.entries()) {
      const gradient = before[`parameters:${name}`]?.map(
        (value, place) => (value - (after[`parameters:${name}`]?.[place] ?? 0)) / 0.1,
      );
      expect([...(gradient ?? [])], name).toBeCloseToTensor([...(reference[index] ?? [])], {
        relative: 1e-3,
        absolute: 1e-5,
      });
    }
    tf.dispose(views);
    network.dispose();
  });

  it("leave the running statistics of shared units to the block that lends them", () => {
    const network = overlappingNetwork({ noise });
    const cut = tinyNetwork(engine, {
      ...overlapping,
      noise,
      backbone: resnet({ depth: { unit: "basic", unitCounts: [1, 1] }, width: 4, stem: "cifar" }),
      partition: [["stem", "layer1.0"], ["layer2.0"]],
      // Noise comes before the shared unit, that is at the end of the first block here, and nowhere else.
    });
    train(network, 1);
    train(cut, 1);
    const buffersOf = ({ learners }: Network): TensorMap =>
      Object.fromEntries(
        Object.entries(Object.assign({}, ...learners.map(({ state }) => state.buffers)) as TensorMap).filter(
          ([name]) => name.startsWith("layer2.0"),
        ),
      );
    const [here, there] = [buffersOf(network), buffersOf(cut)];
    expect(Object.keys(here).length).toBeGreaterThan(3);
    for (const [name, buffer] of Object.entries(here)) {
      expect([...buffer.dataSync()], name).toEqual([...(there[name]?.dataSync() ?? [])]);
    }
    network.dispose();
    cut.dispose();
  });

  it("hand on the noisy map before the shared units, which the lender's own head sees too", () => {
    const seen: tf.Tensor[] = [];
    const loss = barlowTwins();
    const network = overlappingNetwork({
      noise,
      loss: {
        ...loss,
        doCompute: (input) => {
          if (input.site.blockIndex === 0) seen.push(...input.views.map(({ map }) => tf.keep(tf.clone(map))));
          return loss.doCompute(input);
        },
      },
    });
    const [first, second] = network.learners;
    if (first === undefined || second === undefined) throw new Error("No blocks.");
    const views = tinyViews(0);
    const noiseKey = { high: 1, low: 2 };
    const open = first.open({
      inputs: views,
      labels: null,
      step: 0,
      stepCount: 1,
      learningRate: 0.1,
      noiseKey,
    });
    const passed = first.passOn({ inputs: views, noiseKey });
    const behind = tf.tidy(() => {
      const state = { ...first.state, updatedBuffers: null };
      const context = layerContext("layer2.0.", state, { training: true, operations: engine.operations });
      return open.outputs.map((map) => second.definition.units[0]?.layer.apply(map, context) ?? never());
    });
    for (const [view, output] of open.outputs.entries()) {
      expect(output.shape).toEqual([6, 8, 8, 4]);
      expect([...output.dataSync()]).toEqual([...(passed[view]?.dataSync() ?? [])]);
      expect(seen[view] ?? []).toBeCloseToTensor(behind[view] ?? [], { absolute: 1e-5 });
    }
    open.abandon();
    tf.dispose([...views, ...open.outputs, ...passed, ...behind, ...seen, { ...open.gradientsForBefore }]);
    network.dispose();
  });

  it("leave no tensor behind and keep the heap flat", async () => {
    const network = overlappingNetwork({ noise });
    train(network, 2);
    const before = { ...engine.memory(), buffers: tf.memory().numDataBuffers };
    train(network, 8, 2);
    expect({ ...engine.memory(), buffers: tf.memory().numDataBuffers }).toEqual(before);
    network.dispose();
  });
});

describe("blocks that share units, in a step that is not finite", () => {
  const broken = (which: number): LocalLossV1 =>
    scaledLoss(({ block }) => (block === which ? Number.NaN : 1));

  it("follow the lender's loss alone where the next block's is broken", () => {
    const network = overlappingNetwork({ loss: broken(1) });
    const without = overlappingNetwork({ loss: scaledLoss(({ block }) => (block === 1 ? 0 : 1)) });
    const before = valuesOf(network);
    expect(train(network, 1)[0]?.map(({ skipped }) => skipped)).toEqual([false, true, false]);
    train(without, 1);
    const [first, second] = [0, 1].map((block) =>
      valuesOf({ learners: network.learners.slice(block, block + 1) }),
    );
    expect(differences(first ?? {}, valuesOf({ learners: without.learners.slice(0, 1) }))).toEqual([]);
    // The unit that the broken block lends stays too, whatever the third block's loss asks of it.
    expect(Object.keys(second ?? {})).toContain("parameters:layer3.0.conv1.weight");
    for (const [name, values] of Object.entries(second ?? {})) expect(values, name).toEqual(before[name]);
    network.dispose();
    without.dispose();
  });

  it("stay as they are where the lender's loss is broken", async () => {
    const network = overlappingNetwork({ loss: broken(0) });
    const fine = overlappingNetwork({ loss: scaledLoss(() => 1) });
    const before = valuesOf({ learners: network.learners.slice(0, 1) });
    expect(train(network, 1)[0]?.map(({ skipped }) => skipped)).toEqual([true, false, false]);
    train(fine, 1);
    expect(differences(before, valuesOf({ learners: network.learners.slice(0, 1) }))).toEqual([]);
    const rest = [network, fine].map(({ learners }) => valuesOf({ learners: learners.slice(1) }));
    expect(differences(rest[0] ?? {}, rest[1] ?? {})).toEqual([]);
    await expect(() => train(network, 1)).toLeakNoTensors();
    network.dispose();
    fine.dispose();
  });

  it("stay as they are, and leak nothing, where the next block throws", () => {
    const loss = barlowTwins({ scale: 0.1 });
    const network = overlappingNetwork({
      loss: {
        ...loss,
        doCompute: (input) => {
          if (input.site.blockIndex === 1 && input.step === 1) throw new Error("No loss today.");
          return loss.doCompute(input);
        },
      },
    });
    train(network, 1);
    const before = valuesOf(network);
    const { numTensors } = tf.memory();
    expect(() => train(network, 2, 1)).toThrow("No loss today.");
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(differences(before, valuesOf(network))).toEqual([]);
    network.dispose();
  });
});

describe("a loss that looks at a next block which shares units", () => {
  it("takes the shared units there as constants", () => {
    const loss: LocalLossV1 = {
      ...barlowTwins(),
      capabilities: { ...barlowTwins().capabilities, nextBlock: true },
      doCompute: ({ next, views, site }) =>
        tf.tidy(() => {
          const [first, second] = next ?? views;
          const distance = tf.mean(
            tf.squaredDifference(first?.embedding ?? never(), second?.embedding ?? never()),
          );
          const total = tf.mul<tf.Scalar>(distance, site.blockIndex === 0 ? 1 : 0);
          return { total, terms: { total } };
        }),
    };
    const names = moved(movesOf({ loss }));
    expect(names).toContain("layer1.0.conv2.weight");
    expect(names.filter((name) => !/^(conv1|bn1|layer1\.0)\./.test(name))).toEqual([]);
  });
});

function never(): never {
  throw new Error("It is there.");
}
