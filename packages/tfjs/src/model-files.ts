import { InvalidOptionError } from "@blockwise/spec";
import type { GraphModel } from "./graph-model.js";

/** Browsers keep files of up to 4 MiB more readily than larger ones. */
const defaultShardBytes = 4 * 2 ** 20;

/**
 * The files of a model by name: `model.json`, and the weights in shards beside it, `group1-shard1of3.bin`. Put them
 * into one folder of a web server and load `model.json` with `tf.loadGraphModel`. Shards share the model's memory.
 *
 * @param options.shardBytes The most bytes of a shard. @default 4 MiB
 * @throws InvalidOptionError
 * @example
 * for (const [name, data] of modelFiles(model)) await writeFile(join(folder, name), data);
 */
export function modelFiles(
  model: GraphModel,
  options: { readonly shardBytes?: number } = {},
): ReadonlyMap<string, Uint8Array> {
  const { shardBytes = defaultShardBytes } = options;
  if (!Number.isSafeInteger(shardBytes) || shardBytes < 1) {
    throw new InvalidOptionError({
      option: "shardBytes",
      expected: "a whole number above 0",
      received: shardBytes,
    });
  }
  const { weightData, weightSpecs: weights, ...description } = model;
  const count = Math.ceil(weightData.byteLength / shardBytes);
  const shards = Array.from({ length: count }, (_, index): readonly [string, Uint8Array] => {
    const start = index * shardBytes;
    const length = Math.min(shardBytes, weightData.byteLength - start);
    return [`group1-shard${index + 1}of${count}.bin`, new Uint8Array(weightData, start, length)];
  });
  const weightsManifest = [{ paths: shards.map(([name]) => name), weights }];
  const text = JSON.stringify({ ...description, weightsManifest });
  // The description comes last: written in order, it is there only when what it names is.
  return new Map([...shards, ["model.json", new TextEncoder().encode(text)]]);
}
