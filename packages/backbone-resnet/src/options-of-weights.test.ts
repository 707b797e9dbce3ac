import { readFileSync } from "node:fs";
import { InvalidOptionError } from "@blockwise/spec";
import { describe, expect, it } from "vitest";
import { resnetOptionsOf } from "./options-of-weights.js";
import { type ResNetOptions, resnet } from "./resnet.js";

const torchvision: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = JSON.parse(
  readFileSync(new URL("./__fixtures__/torchvision-names.json", import.meta.url), "utf8"),
);

/** Shapes as files have them. */
function shapesOf(options: ResNetOptions): Map<string, readonly number[]> {
  return new Map(
    resnet(options).units.flatMap(({ parameterPrefix, layer }) =>
      layer.parameters.map(({ name, shape, layout }): [string, readonly number[]] => [
        parameterPrefix + name,
        layout === "convolution" ? [3, 2, 0, 1].map((axis) => shape[axis] ?? 0) : shape,
      ]),
    ),
  );
}

describe("resnetOptionsOf", () => {
  it.each([18, 34, 50, 101, 152] as const)("knows torchvision's resnet %i", (depth) => {
    expect(resnetOptionsOf(new Map(Object.entries(torchvision[depth] ?? {})))).toEqual({
      depth,
      width: 64,
      stem: "imagenet",
      inputChannels: 3,
    });
  });

  it.each<Required<Omit<ResNetOptions, "zeroInitResidual">>>([
    { depth: 50, width: 8, stem: "cifar", inputChannels: 1 },
    { depth: { unit: "basic", unitCounts: [1, 1, 1, 1] }, width: 4, stem: "cifar", inputChannels: 3 },
    { depth: { unit: "bottleneck", unitCounts: [2, 1] }, width: 4, stem: "imagenet", inputChannels: 3 },
  ])("finds what a network was built from: %j", (options) => {
    expect(resnetOptionsOf(shapesOf(options))).toEqual(options);
  });

  it("refuses weights of other networks, and says what is missing", () => {
    expect(() => resnetOptionsOf(new Map([["features.0.weight", [64, 3, 11, 11]]]))).toThrow(/conv1\.weight/);
    const wide = new Map(Object.entries(torchvision[50] ?? {})).set("layer1.0.conv1.weight", [128, 64, 1, 1]);
    expect(() => resnetOptionsOf(wide)).toThrow(InvalidOptionError);
    const patches = new Map(Object.entries(torchvision[50] ?? {})).set("conv1.weight", [64, 3, 16, 16]);
    expect(() => resnetOptionsOf(patches)).toThrow(InvalidOptionError);
  });
});
