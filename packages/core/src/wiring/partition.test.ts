import { resnet } from "@blockwise/backbone-resnet";
import { describe, expect, it } from "vitest";
import { type Partition, partitionBackbone } from "./partition.js";

const backbone = resnet({ depth: 18, width: 4 });
const allUnits = backbone.units.map(({ id }) => id);

function cut(partition: Partition, of = backbone): Record<string, string[]> {
  const blocks = partitionBackbone(of, partition);
  return Object.fromEntries(blocks.map(({ id, units }) => [id, units.map((unit) => unit.id)]));
}

describe("partitionBackbone", () => {
  it("cuts into stages, the stem with the first", () => {
    expect(cut("stages")).toEqual({
      layer1: ["stem", "layer1.0", "layer1.1"],
      layer2: ["layer2.0", "layer2.1"],
      layer3: ["layer3.0", "layer3.1"],
      layer4: ["layer4.0", "layer4.1"],
    });
  });

  it("makes one block of everything end to end", () => {
    expect(cut("end-to-end")).toEqual({ "layer1-layer4": allUnits });
  });

  it("cuts into units, the stem with the first", () => {
    const blocks = cut("units");
    expect(Object.keys(blocks)).toEqual(allUnits.slice(1));
    expect(blocks["layer1.0"]).toEqual(["stem", "layer1.0"]);
    expect(blocks["layer4.1"]).toEqual(["layer4.1"]);
  });

  it("takes whole stages where the number divides them", () => {
    expect(Object.keys(cut(1))).toEqual(["layer1-layer4"]);
    expect(Object.keys(cut(2))).toEqual(["layer1-layer2", "layer3-layer4"]);
    expect(cut(4)).toEqual(cut("stages"));
    // Of ResNet-50's 16 units, stages hold 3, 4, 6 and 3: by units, halves would end elsewhere.
    expect(Object.keys(cut(2, resnet({ depth: 50, width: 4 })))).toEqual(["layer1-layer2", "layer3-layer4"]);
  });

  it("cuts as evenly in units as can be elsewhere", () => {
    expect(cut(3)).toEqual({
      "layer1.0-layer2.0": ["stem", "layer1.0", "layer1.1", "layer2.0"],
      "layer2.1-layer3.0": ["layer2.1", "layer3.0"],
      "layer3.1-layer4.1": ["layer3.1", "layer4.0", "layer4.1"],
    });
  });

  it.each([18, 50] as const)("cuts a ResNet-%i into any number of blocks up to its units", (depth) => {
    const network = resnet({ depth, width: 4 });
    const most = network.units.length - 1;
    for (let count = 1; count <= most; count++) {
      const blocks = partitionBackbone(network, count);
      expect(blocks).toHaveLength(count);
      expect(new Set(blocks.map(({ id }) => id)).size).toBe(count);
      expect(blocks.flatMap(({ units }) => units)).toEqual(network.units);
      const sizes = blocks.map(({ units }) => units.filter(({ joinsNext }) => joinsNext !== true).length);
      expect(Math.min(...sizes)).toBeGreaterThan(0);
      if (4 % count !== 0) expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }
    expect(cut(most, network)).toEqual(cut("units", network));
  });

  it("follows lists of unit ids, and names blocks by stage where they are stages", () => {
    const lists = [["stem", "layer1.0"], ["layer1.1"], allUnits.slice(3, 5), allUnits.slice(5)];
    expect(cut(lists)).toEqual({
      "layer1.0": lists[0],
      "layer1.1": lists[1],
      layer2: lists[2],
      "layer3-layer4": lists[3],
    });
  });

  it("lets neighbouring lists share units at their border", () => {
    const lists = [allUnits.slice(0, 5), allUnits.slice(3, 7), allUnits.slice(6)];
    const blocks = partitionBackbone(backbone, lists);
    expect(blocks.map(({ units }) => units.map(({ id }) => id))).toEqual(lists);
    expect(blocks.map(({ id, borrowedCount, lentCount }) => [id, borrowedCount, lentCount])).toEqual([
      ["layer1-layer2", 0, 2],
      ["layer2-layer3", 2, 1],
      ["layer3.1-layer4.1", 1, 0],
    ]);
    for (const { borrowedCount, lentCount } of partitionBackbone(backbone, "units")) {
      expect([borrowedCount, lentCount]).toEqual([0, 0]);
    }
  });

  it.each<[string, string[][], RegExp]>([
    ["share with two others", [allUnits.slice(0, 5), allUnits.slice(3, 6), allUnits.slice(4)], /no other/],
    [
      "have no unit of their own",
      [allUnits.slice(0, 5), allUnits.slice(3, 7), allUnits.slice(5)],
      /that no other does, unlike \[layer2.0, layer2.1, layer3.0, layer3.1\]/,
    ],
    ["have none of their own at the start", [allUnits.slice(0, 3), allUnits], /in order/],
    ["hand on what the stem gives", [allUnits.slice(0, 3), allUnits.slice(1)], /stem together/],
    ["end where the list before does", [allUnits, allUnits.slice(4)], /in order/],
    ["go back", [allUnits.slice(0, 5), allUnits.slice(2, 4), allUnits.slice(5)], /in order/],
  ])("refuses lists that %s", (_, partition, expected) => {
    expect(() => cut(partition)).toThrow(
      expect.objectContaining({
        code: "BLOCKWISE_INVALID_OPTION",
        option: "partition",
        expected: expect.stringMatching(expected),
      }),
    );
  });

  it.each([0, -1, 1.5, 9, Number.NaN, Number.POSITIVE_INFINITY])("refuses %d blocks of 8 units", (count) => {
    expect(() => cut(count)).toThrow(
      expect.objectContaining({
        code: "BLOCKWISE_INVALID_OPTION",
        option: "partition",
        expected: "a whole number from 1 to 8, the number of units that resnet can be cut into",
      }),
    );
  });

  it.each<[string, unknown]>([
    ["leave out a unit", [allUnits.slice(0, -1)]],
    ["repeat a unit", [allUnits, ["layer4.1"]]],
    ["reorder units", [["stem", "layer1.1", "layer1.0"], allUnits.slice(3)]],
    ["name an unknown unit", [[...allUnits.slice(0, -1), "layer4.2"]]],
    ["hold an empty block", [allUnits, []]],
    ["cut behind the stem", [["stem"], allUnits.slice(1)]],
    ["are empty", []],
    ["are no lists", allUnits],
    ["are another word", "layers"],
    ["are null", null],
  ])("refuses lists that %s", (_, partition) => {
    expect(() => cut(partition as Partition)).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option: "partition" }),
    );
  });

  it("refuses a backbone whose stages do not hold each unit once", () => {
    const [first, ...rest] = backbone.stages;
    const short = { ...backbone, stages: rest };
    const long = { ...backbone, stages: [first, ...backbone.stages].flatMap((stage) => stage ?? []) };
    for (const wrong of [short, long]) {
      expect(() => cut("stages", wrong)).toThrow(
        expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option: "backbone" }),
      );
    }
  });
});
