import { type ResNetDepth, resnet } from "@blockwise/backbone-resnet";
import { createEngine } from "@blockwise/engine";
import { convolutionExpansion, globalPool, mlpProjector } from "@blockwise/heads";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { type EngineV1, InvalidOptionError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import type { NetworkOptions } from "../wiring/block-definition.js";
import { partitionBackbone } from "../wiring/partition.js";
import { balancePartition } from "./balance-partition.js";
import { describeCosts, total } from "./describe-costs.js";

let engine: EngineV1;
beforeAll(async () => {
  engine = await createEngine({ name: "wasm" });
});

function network(depth: ResNetDepth): Omit<NetworkOptions, "partition"> {
  return {
    backbone: resnet({ depth, width: 4, stem: "cifar" }),
    head: convolutionExpansion({ dim: 32 }),
    projector: mlpProjector({ widths: [64, 64, 64] }),
    loss: barlowTwins(),
    imageShape: [16, 16, 3],
    batchSize: 8,
    classCount: null,
  };
}

/** All lists of so many neighbouring pieces' unit names. */
function allPartitions(pieces: readonly (readonly string[])[], blocks: number): string[][][] {
  if (blocks === 1) return [[pieces.flat()]];
  return Array.from({ length: pieces.length - blocks + 1 }, (_, size) => size + 1).flatMap((size) =>
    allPartitions(pieces.slice(size), blocks - 1).map((rest) => [pieces.slice(0, size).flat(), ...rest]),
  );
}

const largest = (options: NetworkOptions, balance: "compute" | "memory") =>
  Math.max(
    ...describeCosts(options).map((cost) =>
      total(balance === "compute" ? cost.multiplyAdds : cost.activationBytes),
    ),
  );

describe("balancePartition", () => {
  it.each(["compute", "memory"] as const)("is as even in %s as any partition is", (balance) => {
    // The last one is cut in the first blocks, whose maps are large, and then holds next to nothing.
    const cutting = convolutionExpansion({ dim: 64, chunkBytes: 64 * 8 * 8 * 8 * 4 });
    for (const head of [convolutionExpansion({ dim: 64 }), globalPool(), cutting]) {
      const options = { ...network(18), head };
      const pieces = partitionBackbone(options.backbone, "units").map(({ units }) =>
        units.map(({ id }) => id),
      );
      for (const blocks of [1, 2, 3, 4, 5, 8]) {
        const partition = balancePartition(options, { blocks, balance, engine });
        const best = Math.min(
          ...allPartitions(pieces, blocks).map((lists) => largest({ ...options, partition: lists }, balance)),
        );
        expect(partition).toHaveLength(blocks);
        expect(largest({ ...options, partition }, balance)).toBe(best);
      }
    }
  });

  it.each([18, 34, 50] as const)(
    "cuts ResNet-%i into any number of blocks that it has units for",
    (depth) => {
      const options = network(depth);
      const pieceCount = partitionBackbone(options.backbone, "units").length;
      for (const blocks of [1, 2, 4, 5, 8, 16]) {
        const balance = () => balancePartition(options, { blocks, balance: "compute", engine });
        if (blocks > pieceCount) {
          expect(balance).toThrow(InvalidOptionError);
          continue;
        }
        const partition = balance();
        expect(partition).toHaveLength(blocks);
        expect(partition.flat()).toEqual(options.backbone.units.map(({ id }) => id));
        expect(largest({ ...options, partition }, "compute")).toBeLessThanOrEqual(
          largest({ ...options, partition: blocks }, "compute"),
        );
      }
    },
  );

  it("asks per-block heads for the block that they would end, and counts them", () => {
    const options: Omit<NetworkOptions, "partition"> = {
      ...network(18),
      head: ({ index, count }) => {
        expect(count).toBe(2);
        return index === 0 ? convolutionExpansion({ dim: 256 }) : globalPool();
      },
    };
    const [first = []] = balancePartition(options, { blocks: 2, balance: "compute", engine });
    const [even = []] = balancePartition(
      { ...options, head: globalPool() },
      { blocks: 2, balance: "compute", engine },
    );
    expect(first.length).toBeLessThan(even.length);
  });

  it("leaves no tensor, and refuses what it cannot do", () => {
    const before = tf.memory().numTensors;
    balancePartition(network(18), { blocks: 3, balance: "memory", engine });
    expect(tf.memory().numTensors).toBe(before);
    const refused = (blocks: number, balance: "compute" | "memory", option: string) =>
      expect(() => balancePartition(network(18), { blocks, balance, engine })).toThrow(
        expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option }),
      );
    refused(9, "compute", "partition.blocks");
    refused(0, "memory", "partition.blocks");
    refused(1.5, "memory", "partition.blocks");
    refused(2, "time" as "compute", "partition.balance");
  });
});
