import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { launchBrowser } from "@blockwise/browser";
import { convolution, torchDefault } from "@blockwise/layers";
import { InvalidOptionError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { graphModel } from "./graph-model.js";
import { modelFiles } from "./model-files.js";

const layer = convolution({
  name: "conv",
  inChannels: 1,
  outChannels: 2,
  kernelSize: 3,
  stride: 1,
  padding: 1,
  initializer: torchDefault(9),
});
const model = graphModel({
  units: [{ id: "unit", prefix: "", layer }],
  tensors: new Map([
    [
      "conv.weight",
      { shape: [2, 1, 3, 3], data: Float32Array.from({ length: 18 }, (_, index) => Math.sin(index)) },
    ],
  ]),
  imageShape: [4, 4, 1],
  metadata: { mean: [0.5] },
});
// 80 bytes of weights (18 numbers and two axes), in shards that end within a tensor.
const files = modelFiles(model, { shardBytes: 30 });

describe("modelFiles", () => {
  it("cuts the weights into shards, and names them last", () => {
    expect([...files].map(([name, { length }]) => [name, name === "model.json" ? 0 : length])).toEqual([
      ["group1-shard1of3.bin", 30],
      ["group1-shard2of3.bin", 30],
      ["group1-shard3of3.bin", 20],
      ["model.json", 0],
    ]);
  });

  it("refuses shards of nothing", () => {
    expect(() => modelFiles(model, { shardBytes: 0 })).toThrow(InvalidOptionError);
  });
});

const launched = await launchBrowser();
const title = launched.browser ? "a model on a web server" : `a model on a web server: ${launched.reason}`;
const library = createRequire(import.meta.url).resolve("@tensorflow/tfjs/dist/tf.min.js");

describe.skipIf(launched.browser === undefined)(title, () => {
  let server: Server;
  let address: string;
  beforeAll(async () => {
    const page = Buffer.from("<!doctype html><title>model</title>");
    server = createServer(({ url = "/" }, response) => {
      const name = url.slice(1);
      const body = name === "" ? page : name === "tf.min.js" ? readFileSync(library) : files.get(name);
      response.writeHead(body === undefined ? 404 : 200, name === "" ? { "content-type": "text/html" } : {});
      response.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(async () => {
    await launched.browser?.close();
    server.close();
  });

  const pixels = Array.from({ length: 16 }, (_, index) => Math.cos(index));

  it("is loaded by plain TensorFlow.js in Node and in a browser, with the same result", async () => {
    await tf.setBackend("cpu");
    const loaded = await tf.loadGraphModel(`${address}model.json`);
    const input = tf.tensor4d(pixels, [1, 4, 4, 1]);
    const output = loaded.execute(input, "map") as tf.Tensor;
    const expected = Array.from(output.dataSync());
    tf.dispose([input, output]);
    loaded.dispose();
    expect(expected.some((value) => Math.abs(value) > 0.5)).toBe(true);

    const page = await launched.browser?.newPage();
    if (page === undefined) throw new Error("The browser is gone.");
    await page.goto(address);
    await page.addScriptTag({ url: `${address}tf.min.js` });
    const { values, metadata } = (await page.evaluate(`(async () => {
      await tf.ready();
      const model = await tf.loadGraphModel("model.json");
      const outputs = model.predict(tf.tensor4d(${JSON.stringify(pixels)}, [1, 4, 4, 1]));
      return { values: [...outputs.map.dataSync()], metadata: model.metadata };
    })()`)) as { values: number[]; metadata: unknown };
    expect(values).toHaveLength(expected.length);
    for (const [index, value] of values.entries())
      expect(value).toBeCloseTo(expected[index] ?? Number.NaN, 5);
    expect(metadata).toMatchObject({ mean: [0.5] });
  });
});
