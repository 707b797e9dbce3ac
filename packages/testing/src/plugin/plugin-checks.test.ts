import { EngineUnavailableError, type EngineV1, type LocalLossV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { distance, embeddingsOf, meanSquare, scored } from "../__fixtures__/distance-loss.js";
import { scaled, scalingLayer } from "../__fixtures__/scaling-layer.js";
import { compareLocalLoss } from "../compare-local-loss.js";
import { compareLayer } from "../layer/compare-layer.js";
import { referenceOperations } from "../reference-operations.js";
import { useCpuBackend } from "../use-cpu-backend.js";
import { itOnEngines, type TestEngineName } from "./engines.js";
import { makeAgain } from "./identity.js";

beforeAll(useCpuBackend);

interface Options {
  readonly scale?: number | undefined;
}

const withOptions = (options: object): LocalLossV1 =>
  distance({ options: options as LocalLossV1["options"] });
let calls = 0;

describe("is made again by its options, through JSON", () => {
  const good = ({ scale = 1 }: Options = {}) => withOptions({ scale });

  it("passes a factory that keeps its promise", async () => {
    await makeAgain({ create: good, options: { scale: 2 } }, good({ scale: 2 }));
  });

  it.each<[string, (options?: Options) => LocalLossV1, RegExp]>([
    [
      "has options that JSON loses",
      () => withOptions({ scale: Number.POSITIVE_INFINITY }),
      /do not survive JSON/,
    ],
    ["keeps an option that is undefined", () => withOptions({ scale: undefined }), /do not survive JSON/],
    ["forgets an option that it was made from", () => withOptions({}), /the option "scale", .* is not among/],
    [
      "scales its options each time",
      ({ scale = 1 } = {}) => withOptions({ scale: 2 * scale }),
      /has the options/,
    ],
    ["counts what it has made", () => withOptions({ scale: calls++ }), /has the options/],
  ])("finds a factory that %s", async (_, create, message) => {
    const options = { scale: 2 };
    await expect(makeAgain({ create, options }, create(options))).rejects.toThrow(message);
  });
});

/** An engine whose operations are others, and the same. */
const otherEngine = async (): Promise<EngineV1> => ({
  specificationVersion: "v1",
  kind: "engine",
  id: "other",
  options: {},
  description: "the reference operations under another name",
  operations: { ...referenceOperations },
  memory: () => ({ tensors: 0, tensorBytes: 0, heapBytes: null, budgetBytes: null }),
});

describe("computes the same on the engine", () => {
  const layer = { inputShape: [2, 3], batchSize: 4, seed: 1 };
  const loss = { site: {}, seed: 1 };

  it("passes plugins that do not ask which one it is", async () => {
    await compareLayer({ ...layer, layer: scalingLayer([2, 3]) }, otherEngine);
    await compareLocalLoss({ ...loss, loss: distance() }, otherEngine);
  });

  it("finds plugins that do", async () => {
    const asking = scalingLayer([2, 3], {
      apply: (x, context) =>
        scaled(x, context, (y) => tf.mul(tf.tanh(y), context.operations === referenceOperations ? 1 : 1.01)),
    });
    await expect(compareLayer({ ...layer, layer: asking }, otherEngine)).rejects.toThrow(/on other/);
    const askingLoss = distance({
      doCompute: (input) =>
        tf.tidy(() => {
          const factor = input.context.operations === referenceOperations ? 1 : 1.01;
          return scored(tf.mul(meanSquare(...embeddingsOf(input)), factor));
        }),
    });
    await expect(compareLocalLoss({ ...loss, loss: askingLoss }, otherEngine)).rejects.toThrow(
      /the loss on other/,
    );
  });
});

describe("the engines that a plugin is tried on", () => {
  const tried: TestEngineName[] = [];
  const asked: TestEngineName[] = [];
  const createEngine = async ({ name }: { readonly name: TestEngineName }): Promise<EngineV1> => {
    asked.push(name);
    if (name === "node-gpu") throw new EngineUnavailableError("There is no such package.", { engine: name });
    return { ...(await otherEngine()), id: name };
  };

  itOnEngines({ createEngine }, "is tried on the engine", async (makeEngine) => {
    tried.push((await makeEngine()).id as TestEngineName);
  });

  it("are those that run everywhere, and what is installed besides", () => {
    expect(tried).toEqual(["cpu", "wasm", "node"]);
    expect(asked).toContain("node-gpu");
  });
});
