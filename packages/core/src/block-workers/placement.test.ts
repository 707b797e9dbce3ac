import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { lookAhead } from "@blockwise/loss-look-ahead";
import { describe, expect, it } from "vitest";
import { tinyOptions } from "../__fixtures__/tiny-network.js";
import { perBlock } from "../combinators/per-block.js";
import { defineBlocks, type NetworkOptions } from "../wiring/block-definition.js";
import { placeBlocks, requirePlacement } from "./placement.js";

const blocksOf = (changes: Partial<NetworkOptions> = {}) => defineBlocks({ ...tinyOptions, ...changes });
const barlow = barlowTwins();
const ahead = lookAhead({ loss: barlow });

describe("placeBlocks", () => {
  it("balances what threads take, neighbours together", () => {
    const blocks = blocksOf();
    expect(placeBlocks(2, blocks, () => [5, 2, 2])).toEqual([[0], [1, 2]]);
    expect(placeBlocks(2, blocks, () => [1, 2, 4])).toEqual([[0, 1], [2]]);
  });

  it("measures nothing where there is nothing to choose", () => {
    const measure = (): number[] => {
      throw new Error("measured");
    };
    const blocks = blocksOf();
    expect(placeBlocks(1, blocks, measure)).toEqual([[0, 1, 2]]);
    expect(placeBlocks(3, blocks, measure)).toEqual([[0], [1], [2]]);
    expect(placeBlocks([[0, 1], [2]], blocks, measure)).toEqual([[0, 1], [2]]);
  });

  it("keeps a block and the one that its loss looks at together", () => {
    const blocks = blocksOf({ loss: perBlock([ahead, barlow, barlow]) });
    expect(placeBlocks(2, blocks, () => [9, 9, 1])).toEqual([[0, 1], [2]]);
  });
});

describe("requirePlacement", () => {
  it.each([
    { placement: 0 },
    { placement: 4 },
    { placement: 1.5 },
    { placement: [[0, 1]] },
    { placement: [[1], [0], [2]] },
    { placement: [[0], [], [1, 2]] },
    { placement: [[0], [0, 1, 2]] },
  ])("refuses $placement for three blocks", ({ placement }) => {
    expect(() => requirePlacement(placement, blocksOf())).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option: "blockWorkers" }),
    );
  });

  it("refuses to part blocks that work on the same tensors, and says why", () => {
    const looking = blocksOf({ loss: ahead });
    expect(() => requirePlacement(2, looking)).toThrow(/from 1 to 1 .*the loss "look-ahead" of layer1 looks/);
    const sharing = blocksOf({
      partition: [
        ["stem", "layer1.0", "layer2.0"],
        ["layer2.0", "layer3.0"],
      ],
    });
    expect(() => requirePlacement([[0], [1]], sharing)).toThrow(/shares units with the block after it/);
    expect(() => requirePlacement([[0, 1]], sharing)).not.toThrow();
  });
});
