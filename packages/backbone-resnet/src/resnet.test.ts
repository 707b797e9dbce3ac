import { readFileSync } from "node:fs";
import type { BackboneV1 } from "@blockwise/spec";
import { describe, expect, it } from "vitest";
import { architectures, type ResNetDepth } from "./architectures.js";
import { type ResNetOptions, resnet } from "./resnet.js";

/** Shapes by name in PyTorch's axis order, for each depth; written by `write_torchvision_names.py`. */
const torchvision: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = JSON.parse(
  readFileSync(new URL("./__fixtures__/torchvision-names.json", import.meta.url), "utf8"),
);
const depths = Object.keys(architectures).map(Number) as ResNetDepth[];

interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

function parametersOf({ units }: BackboneV1): NamedTensor[] {
  return units.flatMap(({ parameterPrefix, layer }) =>
    layer.parameters.map(({ name, shape, layout }) => ({
      name: parameterPrefix + name,
      shape: layout === "convolution" ? [3, 2, 0, 1].map((axis) => shape[axis] ?? 0) : shape,
    })),
  );
}

function buffersOf({ units }: BackboneV1): NamedTensor[] {
  return units.flatMap(({ parameterPrefix, layer }) =>
    layer.buffers.map(({ name, shape }) => ({ name: parameterPrefix + name, shape })),
  );
}

function outputShapes({ units }: BackboneV1, imageShape: readonly number[]): (readonly number[])[] {
  let shape = imageShape;
  return units.map(({ layer }) => {
    shape = layer.outputShape(shape);
    return shape;
  });
}

describe.each(depths)("resnet %i", (depth) => {
  it("has torchvision's names and shapes, each once", () => {
    const backbone = resnet({ depth });
    const tensors = [...parametersOf(backbone), ...buffersOf(backbone)];
    expect(Object.fromEntries(tensors.map(({ name, shape }) => [name, shape]))).toEqual(torchvision[depth]);
    expect(tensors).toHaveLength(Object.keys(torchvision[depth] ?? {}).length);
  });

  it("lists parameters in torchvision's order but for the shortcut, which comes last in both", () => {
    const names = parametersOf(resnet({ depth })).map(({ name }) => name);
    const theirs = Object.keys(torchvision[depth] ?? {}).filter((name) => !name.includes("running_"));
    expect(names).toEqual(theirs);
  });

  it("ends stages at strides 4, 8, 16 and 32 of an ImageNet image", () => {
    const backbone = resnet({ depth });
    const shapes = outputShapes(backbone, [224, 224, 3]);
    const widening = architectures[depth].unit === "basic" ? 1 : 4;
    let last = -1;
    const ends = backbone.stages.map(({ unitCount }) => {
      last += unitCount;
      return shapes[last];
    });
    expect(ends).toEqual([56, 28, 14, 7].map((size, stage) => [size, size, 64 * 2 ** stage * widening]));
    expect(last).toBe(backbone.units.length - 1);
  });
});

describe("resnet", () => {
  it("has as many parameters as is known", () => {
    // torchvision's published counts, less the classifier's.
    const known = { 18: 11_176_512, 34: 21_284_672, 50: 23_508_032, 101: 42_500_160, 152: 58_143_808 };
    for (const depth of depths) {
      const count = parametersOf(resnet({ depth }))
        .map(({ shape }) => shape.reduce((product, size) => product * size, 1))
        .reduce((sum, size) => sum + size, 0);
      expect([depth, count]).toEqual([depth, known[depth]]);
    }
  });

  it("starts convolutions from kaiming normal, fan out, and norms from gain 1", () => {
    for (const { layer } of resnet({ depth: 50, width: 8 }).units) {
      for (const { name, shape, layout, initializer } of layer.parameters) {
        const [height = 0, width = 0, , out = 0] = shape;
        const wanted =
          layout === "convolution"
            ? { kind: "normal", standardDeviation: Math.sqrt(2 / (height * width * out)) }
            : { kind: name.endsWith("weight") ? "ones" : "zeros" };
        expect([name, initializer]).toEqual([name, wanted]);
      }
    }
  });

  it.each([
    [18, "bn2.weight"],
    [50, "bn3.weight"],
  ] as const)("starts the last norm of each unit at gain 0 where asked: depth %i, %s", (depth, last) => {
    const zeros = (options: ResNetOptions): string[] =>
      resnet(options).units.flatMap(({ parameterPrefix, layer }) =>
        layer.parameters
          .filter(({ name, initializer }) => name.endsWith("weight") && initializer.kind === "zeros")
          .map(({ name }) => parameterPrefix + name),
      );
    const units = resnet({ depth }).units.slice(1);
    expect(zeros({ depth, zeroInitResidual: true })).toEqual(units.map(({ id }) => `${id}.${last}`));
    expect(zeros({ depth })).toEqual([]);
  });

  it("keeps a small image's resolution with the CIFAR stem, and takes grey images", () => {
    const backbone = resnet({ depth: 18, width: 16, stem: "cifar", inputChannels: 1 });
    const shapes = outputShapes(backbone, [32, 32, 1]);
    expect(shapes[0]).toEqual([32, 32, 16]);
    expect(shapes.at(-1)).toEqual([4, 4, 128]);
    expect(backbone.inputChannels).toBe(1);
    expect(backbone.units[0]?.layer.parameters[0]?.shape).toEqual([3, 3, 1, 16]);
  });

  it("takes images down to one pixel, as torchvision does, and odd sizes", () => {
    expect(outputShapes(resnet({ depth: 18 }), [1, 1, 3]).at(-1)).toEqual([1, 1, 512]);
    expect(outputShapes(resnet({ depth: 18 }), [225, 97, 3]).at(-1)).toEqual([8, 4, 512]);
    expect(() => outputShapes(resnet(), [0, 4, 3])).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_SHAPE_MISMATCH", received: [0, 4, 3] }),
    );
    expect(() => outputShapes(resnet(), [32, 32, 1])).toThrow("[height, width, 3]");
  });

  it("cuts into a stem that joins the first unit, and stages that hold all units", () => {
    const backbone = resnet({ depth: { unit: "basic", unitCounts: [1, 2, 1] }, width: 4 });
    expect(backbone.units.map(({ id, joinsNext = false }) => [id, joinsNext])).toEqual([
      ["stem", true],
      ["layer1.0", false],
      ["layer2.0", false],
      ["layer2.1", false],
      ["layer3.0", false],
    ]);
    expect(backbone.stages).toEqual([
      { id: "layer1", unitCount: 2 },
      { id: "layer2", unitCount: 2 },
      { id: "layer3", unitCount: 1 },
    ]);
  });

  it("states its options with defaults filled in, as JSON", () => {
    expect(resnet()).toMatchObject({ specificationVersion: "v1", kind: "backbone", id: "resnet" });
    expect(resnet().options).toEqual({
      depth: 18,
      width: 64,
      stem: "imagenet",
      inputChannels: 3,
      zeroInitResidual: false,
    });
    const unitCounts = [1, 1];
    const { options } = resnet({ depth: { unit: "bottleneck", unitCounts } });
    unitCounts.push(3);
    expect(options.depth).toEqual({ unit: "bottleneck", unitCounts: [1, 1] });
    expect(JSON.parse(JSON.stringify(options))).toEqual(options);
  });

  it.each<[string, object]>([
    ["depth", { depth: 20 }],
    ["depth", { depth: "18" }],
    ["depth", { depth: null }],
    ["depth.unit", { depth: { unit: "wide", unitCounts: [1] } }],
    ["depth.unitCounts", { depth: { unit: "basic", unitCounts: [] } }],
    ["depth.unitCounts", { depth: { unit: "basic", unitCounts: [1, 0] } }],
    ["depth.unitCounts", { depth: { unit: "basic" } }],
    ["width", { width: 0 }],
    ["width", { width: 1.5 }],
    ["stem", { stem: "mnist" }],
    ["inputChannels", { inputChannels: 2 }],
    ["zeroInitResidual", { zeroInitResidual: "yes" }],
  ])("refuses an impossible %s: %o", (option, options) => {
    expect(() => resnet(options as ResNetOptions)).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option }),
    );
  });
});
