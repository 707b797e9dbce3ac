import { createEngine } from "@blockwise/engine";
import { convolutionExpansion, globalPool, mlpProjector } from "@blockwise/heads";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { simclr } from "@blockwise/loss-simclr";
import { vicreg } from "@blockwise/loss-vicreg";
import { describe, expect, it } from "vitest";
import { tinyNetwork, tinyOptions, train } from "../__fixtures__/tiny-network.js";
import { defineBlocks } from "../wiring/block-definition.js";
import { perBlock } from "./per-block.js";

const place = (index: number, count: number) => ({ id: `block${index}`, index, count });

describe("perBlock", () => {
  it("gives each block its entry, whatever becomes of the list", () => {
    const list = ["a", "b"];
    const choose = perBlock(list);
    list.reverse();
    expect([choose(place(0, 2)), choose(place(1, 2))]).toEqual(["a", "b"]);
  });

  it.each([1, 3])("refuses two entries for %i blocks, by the option's name", (count) => {
    expect(() => perBlock([1, 2], "loss.perBlock")(place(0, count))).toThrow(
      `Option "loss.perBlock" must be a list of ${count}, as many as the partition has blocks, but is "a list of 2".`,
    );
    expect(() => perBlock([])(place(0, count))).toThrow(expect.objectContaining({ option: "perBlock" }));
  });

  it("is refused when a network is wired, not later", () => {
    const loss = perBlock([barlowTwins(), simclr()]);
    expect(() => defineBlocks({ ...tinyOptions, loss })).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", expected: expect.stringContaining("3") }),
    );
  });

  it("lets every block learn with its own head, projector and loss", async () => {
    const network = tinyNetwork(await createEngine({ name: "wasm" }), {
      head: perBlock([globalPool(), convolutionExpansion({ dim: 5 }), convolutionExpansion({ dim: 6 })]),
      projector: perBlock([4, 8, 12].map((width) => mlpProjector({ widths: [width] }))),
      loss: perBlock([barlowTwins(), simclr(), vicreg()]),
    });
    const sites = network.learners.map(({ definition }) => definition.site);
    expect(sites.map(({ featureDim, embeddingDim }) => [featureDim, embeddingDim])).toEqual([
      [4, 4],
      [5, 8],
      [6, 12],
    ]);
    const [reports] = train(network, 1);
    expect(reports?.map(({ terms }) => Object.keys(terms))).toEqual([
      ["invariance", "redundancy"],
      ["alignment", "uniformity"],
      ["similarity", "variance", "covariance"],
    ]);
    network.dispose();
  });
});
