// Takes one batch of a built loader, and none of another, and ends without closing them.
import { rootKey } from "@blockwise/random";
import { createLoader } from "../../dist/index.js";
import { probe } from "./probe-augmentation.mjs";

const size = 40;
const ones = new Uint32Array(new SharedArrayBuffer(size * 4)).fill(1);
const store = {
  kind: "packed",
  pixels: new Uint8Array(new SharedArrayBuffer(size)),
  offsets: Float64Array.from({ length: size }, (_, index) => index),
  heights: ones,
  widths: ones,
  channels: 1,
};
const source = { id: "zeros", size, store, labels: null };
const options = { source, augmentation: probe({}), batchSize: 4, key: rootKey(1), workers: 2 };
const loader = createLoader(options);
createLoader(options);
const { value } = await loader.epoch(0)[Symbol.asyncIterator]().next();
console.log(`took batch ${value.step}`);
