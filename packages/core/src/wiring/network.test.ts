import { resnet } from "@blockwise/backbone-resnet";
import { createEngine } from "@blockwise/engine";
import { convolutionExpansion, globalPool, mlpProjector } from "@blockwise/heads";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import type { EngineV1, LocalLossV1, OptimizerV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { differences, tinyNetwork, tinyOptions, valuesOf } from "../__fixtures__/tiny-network.js";
import type { BlockPlace } from "./block-definition.js";
import type { Network } from "./network.js";
import { requirePlugin } from "./require-plugin.js";

let engine: EngineV1;
beforeAll(async () => {
  engine = await createEngine({ name: "wasm" });
});

describe("createNetwork", () => {
  it("names all tensors as the authors do, each once", () => {
    const network = tinyNetwork(engine);
    const { parameters, buffers } = network.tensors();
    const names = Object.keys({ ...parameters, ...buffers });
    for (const name of [
      "conv1.weight",
      "layer3.0.downsample.1.running_var",
      "pool_head.2.0.weight",
      "projector.0.3.weight",
    ]) {
      expect(names).toContain(name);
    }
    const listed = network.learners.flatMap(({ definition }) => [
      ...definition.parameters,
      ...definition.buffers,
    ]);
    expect(names.sort()).toEqual(listed.map(({ name }) => name).sort());
    network.dispose();
  });

  it("refuses weights that no array could hold before it makes any, and names the largest", async () => {
    const head = convolutionExpansion({ dim: 2 ** 31 });
    await expect(() =>
      expect(() => tinyNetwork(engine, { head })).toThrow(
        expect.objectContaining({
          code: "BLOCKWISE_ENGINE_MEMORY",
          message: expect.stringMatching(
            /largest is pool_head\.2\.0\.weight of shape \[1, 1, 16, 2147483648\]/,
          ),
        }),
      ),
    ).toLeakNoTensors();
  });

  it("leaves no tensor where one of the later blocks cannot be filled", async () => {
    const optimizer: OptimizerV1 = {
      ...tinyOptions.optimizer,
      doInit: (specs) => {
        if (specs.some(({ name }) => name.startsWith("layer3."))) throw new Error("no room");
        return tinyOptions.optimizer.doInit(specs);
      },
    };
    await expect(() => expect(() => tinyNetwork(engine, { optimizer })).toThrow("no room")).toLeakNoTensors();
  });

  it("asks per-block choices for each block, and wires each with its own site", () => {
    const places: BlockPlace[] = [];
    const network = tinyNetwork(engine, {
      head: (place) => {
        places.push(place);
        return place.index === 2 ? globalPool() : convolutionExpansion({ dim: 6 });
      },
    });
    expect(places).toEqual([0, 1, 2].map((index) => ({ id: `layer${index + 1}`, index, count: 3 })));
    const sites = [8, 4, 2].map((size, index) => ({
      blockIndex: index,
      blockCount: 3,
      mapShape: [size, size, 4 * 2 ** index],
      featureDim: index === 2 ? 16 : 6,
      embeddingDim: 8,
      batchSize: 6,
      classCount: null,
      next: null,
    }));
    expect(network.learners.map(({ definition }) => definition.site)).toEqual(
      sites.map((site, index) => ({ ...site, next: sites[index + 1] ?? null })),
    );
    network.dispose();
  });

  it("starts from the seed alone", () => {
    const [first, same, other] = [1, 1, 2].map((seed) => tinyNetwork(engine, { seed })) as Network[];
    if (first === undefined || same === undefined || other === undefined) throw new Error();
    expect(differences(valuesOf(first), valuesOf(same))).toEqual([]);
    const random = Object.keys(first.tensors().parameters).filter((name) =>
      /conv|downsample.0|\d\.0\.weight/.test(name),
    );
    expect(differences(valuesOf(first), valuesOf(other))).toEqual(
      expect.arrayContaining(random.map((name) => `parameters:${name}`)),
    );
    for (const network of [first, same, other]) network.dispose();
  });

  it("starts projectors of one shape alike where they share their start", () => {
    const startOf = (initialization: "separate" | "shared") => {
      const projector = mlpProjector({ widths: [8, 8], initialization });
      const network = tinyNetwork(engine, {
        projector,
        head: ({ index }) => (index === 2 ? globalPool() : convolutionExpansion({ dim: 6 })),
      });
      const { parameters } = network.tensors();
      const values = (name: string): number[] => Array.from(parameters[name]?.dataSync() ?? []);
      const starts = {
        first: [0, 1, 2].map((block) => values(`projector.${block}.0.weight`)),
        last: [0, 1, 2].map((block) => values(`projector.${block}.3.weight`)),
      };
      network.dispose();
      return starts;
    };
    const { first, last } = startOf("shared");
    expect(first[1]).toEqual(first[0]);
    expect([last[1], last[2]]).toEqual([last[0], last[0]]);
    // The last block's head is wider: another shape is another start.
    expect(first[2]?.slice(0, 48)).not.toEqual(first[0]);
    const separate = startOf("separate");
    expect(separate.first[1]).not.toEqual(separate.first[0]);
    expect(separate.last[1]).not.toEqual(separate.last[0]);
  });

  it("starts from the same backbone blockwise and end to end", () => {
    const networks = (["stages", "end-to-end", "units", 2] as const).map((partition) =>
      tinyNetwork(engine, { partition }),
    );
    const backbones = networks.map((network) =>
      Object.fromEntries(
        Object.entries(valuesOf(network)).filter(
          ([name]) => !/:(momentum\.)?(pool_head|projector)\./.test(name),
        ),
      ),
    );
    const [reference = {}, ...others] = backbones;
    expect(Object.keys(reference)).toContain("parameters:layer3.0.conv2.weight");
    for (const backbone of others) expect(differences(reference, backbone)).toEqual([]);
    for (const network of networks) network.dispose();
  });

  it("frees everything", async () => {
    await expect(() => tinyNetwork(engine).dispose()).toLeakNoTensors();
  });
});

describe("wiring", () => {
  const loss = barlowTwins();
  const labelled: LocalLossV1 = {
    ...loss,
    id: "needs-labels",
    capabilities: { ...loss.capabilities, labels: true },
  };
  const invalid = (option: string) => expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option });
  const mismatch = expect.objectContaining({ code: "BLOCKWISE_SHAPE_MISMATCH" });
  const incompatible = (expected: string) =>
    expect.objectContaining({ code: "BLOCKWISE_INCOMPATIBLE_SPEC_VERSION", expected });

  it.each<[string, object, unknown]>([
    ["another plugin as backbone", { backbone: loss }, incompatible("backbone v1")],
    ["another plugin as head", { head: mlpProjector() }, incompatible("head v1")],
    ["another plugin as projector", { projector: globalPool() }, incompatible("projector v1")],
    ["another plugin as loss", { loss: globalPool() }, incompatible("local-loss v1")],
    [
      "another plugin for one block",
      { loss: ({ index }: BlockPlace) => (index === 2 ? null : loss) },
      incompatible("local-loss v1"),
    ],
    ["another plugin as optimizer", { optimizer: loss }, incompatible("optimizer v1")],
    ["another plugin as engine", { engine: loss }, incompatible("engine v1")],
    [
      "a plugin of another version",
      { head: { ...globalPool(), specificationVersion: "v2" } },
      incompatible("head v1"),
    ],
    ["a factory that was not called", { backbone: resnet }, incompatible("backbone v1")],
    ["images of other channels", { imageShape: [8, 8, 1] }, mismatch],
    ["a loss that wants labels without labels", { loss: labelled }, invalid("loss")],
    ["a batch of one", { batchSize: 1 }, invalid("batchSize")],
    ["a batch that is no number", { batchSize: Number.NaN }, invalid("batchSize")],
    ["more blocks than units", { partition: 5 }, invalid("partition")],
    ["no skips at all", { skipLimit: 0 }, invalid("skipLimit")],
    ["an unknown noise", { noise: { kind: "hwc", standardDeviation: 1 } }, invalid("noise.kind")],
    [
      "an unknown noise in one block",
      {
        noise: ({ index }: BlockPlace) =>
          index === 2 ? { kind: "hwc" as "hw", standardDeviation: 1 } : null,
      },
      invalid("noise.kind"),
    ],
    ["negative noise", { noise: { kind: "all", standardDeviation: -1 } }, invalid("noise.standardDeviation")],
    [
      "noise by place on a map of one place",
      { imageShape: [2, 2, 3], noise: { kind: "hw", standardDeviation: 1 } },
      expect.objectContaining({
        code: "BLOCKWISE_SHAPE_MISMATCH",
        message: expect.stringContaining('"layer2"'),
      }),
    ],
    ["a negative seed", { seed: -1 }, invalid("seed")],
  ])("refuses %s and leaves no tensor", (_, changes, error) => {
    const before = tf.memory().numTensors;
    expect(() => tinyNetwork(engine, changes)).toThrow(error as Error);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("takes a loss with labels where there are classes", () => {
    const network = tinyNetwork(engine, { loss: labelled, classCount: 3 });
    expect(network.learners[0]?.definition.site.classCount).toBe(3);
    network.dispose();
  });

  it("refuses two tensors of one name", () => {
    const [stem, first, ...rest] = tinyOptions.backbone.units;
    if (stem === undefined || first === undefined) throw new Error();
    const units = [stem, { ...first, parameterPrefix: "" }, ...rest];
    expect(() => tinyNetwork(engine, { backbone: { ...tinyOptions.backbone, units } })).toThrow(
      expect.objectContaining({
        code: "BLOCKWISE_INVALID_OPTION",
        option: "backbone",
        message: expect.stringContaining("conv1.weight"),
      }),
    );
  });
});

describe("requirePlugin", () => {
  it("takes what factories return", () => {
    expect(() => requirePlugin(globalPool(), "head")).not.toThrow();
  });

  it.each<[unknown, string]>([
    [undefined, "undefined"],
    [null, "object"],
    ["resnet", "string"],
    [{}, "object"],
    [globalPool, "function"],
    [loss(), "local-loss v1"],
    [{ kind: "head" }, "head undefined"],
  ])("says what came instead, case %#", (value, received) => {
    expect(() => requirePlugin(value, "head")).toThrow(
      `Expected a plugin of kind and version "head v1", but got "${received}".`,
    );
  });

  function loss(): LocalLossV1 {
    return barlowTwins();
  }
});
