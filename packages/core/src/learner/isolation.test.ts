import { resnet } from "@blockwise/backbone-resnet";
import { createEngine } from "@blockwise/engine";
import { sgd } from "@blockwise/optim";
import { describe, expect, it } from "vitest";
import { differences, scaledLoss, tinyNetwork, train, valuesOf } from "../__fixtures__/tiny-network.js";

const noise = { kind: "all", standardDeviation: 0.25 } as const;
const backboneOf = (stages: number) =>
  resnet({
    depth: { unit: "basic", unitCounts: Array.from({ length: stages }, () => 1) },
    width: 4,
    stem: "cifar",
  });

describe("gradient isolation", () => {
  it.each([
    ["cpu", 2, 1],
    ["wasm", 1, 2],
    ["wasm", 2, 2],
    ["wasm", 3, 2],
  ] as const)(
    "on %s, trains the first %i of four blocks as if no other came after",
    async (name, count, steps) => {
      const engine = await createEngine({ name });
      const whole = tinyNetwork(engine, { noise, backbone: backboneOf(4) });
      const cut = tinyNetwork(engine, { noise, backbone: backboneOf(count) });
      train(whole, steps);
      train(cut, steps);
      const inCut = valuesOf(cut);
      const inWhole = valuesOf({ learners: whole.learners.slice(0, count) });
      expect(Object.keys(inCut).length).toBeGreaterThan(20 * count);
      // Weights, running statistics and optimiser, bit for bit.
      expect(differences(inWhole, inCut)).toEqual([]);
      whole.dispose();
      cut.dispose();
    },
  );

  it.each([0, 1, 2])(
    "moves parameters of block %i alone where its loss alone is not zero",
    async (learning) => {
      const engine = await createEngine({ name: "wasm" });
      const network = tinyNetwork(engine, {
        loss: scaledLoss(({ block }) => (block === learning ? 1 : 0)),
        optimizer: sgd(),
      });
      const before = valuesOf(network);
      train(network, 1);
      const moved = differences(before, valuesOf(network)).filter((value) => value.startsWith("parameters:"));
      const own = network.learners[learning]?.definition.parameters.map(({ name }) => `parameters:${name}`);
      expect(moved.sort()).toEqual(own?.sort());
      network.dispose();
    },
  );

  it("ends at blocks, not at units: the last loss reaches the stem end to end", async () => {
    const engine = await createEngine({ name: "wasm" });
    const network = tinyNetwork(engine, { partition: "end-to-end", optimizer: sgd() });
    const before = valuesOf(network);
    train(network, 1);
    const moved = differences(before, valuesOf(network));
    expect(moved).toEqual(
      expect.arrayContaining(["parameters:conv1.weight", "parameters:layer2.0.conv1.weight"]),
    );
    network.dispose();
  });
});
