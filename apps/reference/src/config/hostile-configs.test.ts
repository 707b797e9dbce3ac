import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineBlocks } from "@blockwise/core";
import { BlockwiseError, type InvalidOptionError } from "@blockwise/spec";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { presets } from "../presets/presets.js";
import { openPackageSource } from "../run/plugins/data-source.js";
import { createEvaluators } from "../run/plugins/evaluators.js";
import { createPlugins } from "../run/plugins.js";
import { hostileConfig } from "./__fixtures__/hostile-configs.js";
import { checkConfig, loadConfig, mergeConfigs } from "./load-config.js";
import { parseConfig } from "./read-config-file.js";
import type { ImageResolvedConfig, RunConfig } from "./schema.js";
import { isBalanced } from "./sections/partition.js";

const count = 3000;

/** Modules that are found, and lead to no plugin, or round in a circle. */
const sources: Readonly<Record<string, string>> = {
  "loss.mjs": `export const made = (options) => ({
    specificationVersion: "v1", kind: "local-loss", id: "made", options,
    capabilities: { views: 2, labels: false, minimumBatchSize: 1, symmetric: true },
    doInit: () => ({ parameters: [], buffers: [] }), doCompute: () => { throw new Error("never"); },
  });`,
  "a.mjs": `export { turn as made } from "./b.mjs";`,
  "b.mjs": `import { made } from "./a.mjs"; export const turn = () => made;`,
  "self.mjs": `import * as self from "./self.mjs"; export const made = () => self;`,
  "proxy.mjs": `export const made = () => new Proxy({}, { get: () => { throw new Error("no field"); } });`,
  "throws.mjs": `export const made = () => { throw null; };`,
  "syntax.mjs": `export const made = ( => 1;`,
};

const places = [
  "no-such-package",
  "./none.mjs",
  ".",
  "/",
  "node:fs",
  "data:text/javascript,0",
  "@",
  "%00",
  "./%2e%2e/x",
  "file:///",
];

let folder: string;
let packages: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blockwise-hostile-"));
  for (const [name, source] of Object.entries(sources)) await writeFile(join(folder, name), source);
  await mkdir(join(folder, "node_modules"));
  await symlink(folder, join(folder, "node_modules", "loop"));
  packages = [...Object.keys(sources).map((name) => `./${name}`), ...places, "loop"];
  vi.spyOn(process, "cwd").mockReturnValue(folder);
});

afterAll(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

/** Goes as far with a configuration as can be gone without images and an engine. */
async function wire(text: string): Promise<void> {
  const config: RunConfig = checkConfig(mergeConfigs(presets.smoke, parseConfig(text, "hostile.json")));
  const { dataset, holdOut, imageSize } = config.data;
  if (typeof dataset !== "string") await openPackageSource(dataset, holdOut);
  const settled: ImageResolvedConfig = {
    ...config,
    data: { ...config.data, imageSize: imageSize === "auto" ? 32 : imageSize },
    augmentation: { ...config.augmentation, flip: true },
  };
  const plugins = await createPlugins(settled, { channels: 3, mean: [0, 0, 0], std: [1, 1, 1] });
  const { height, width, channels } = plugins.trainingViews.shape;
  const { partition, batchSize } = config;
  defineBlocks({
    ...plugins,
    partition: isBalanced(partition) ? "stages" : partition,
    imageShape: [height, width, channels],
    batchSize,
    classCount: 10,
  });
  await createEvaluators(config.evaluation);
}

describe("configurations that were changed for the worse", () => {
  it(`${count} of them are taken or refused with a typed error, and leave nothing behind`, async () => {
    const prototypes = [Object.prototype, Array.prototype, Function.prototype].map(
      Object.getOwnPropertyNames,
    );
    const codes = new Map<string, number>();
    const options = new Set<string>();
    for (let number = 0; number < count; number++) {
      const text = hostileConfig(number, packages);
      const thrown: unknown = await wire(text)
        .then(() => null)
        .catch((error: unknown) => error ?? "nothing");
      if (thrown !== null && !BlockwiseError.isInstance(thrown)) {
        throw new Error(`configuration ${number} is not refused as it should be: ${text.slice(0, 500)}`, {
          cause: thrown,
        });
      }
      const code = thrown?.code ?? "taken";
      codes.set(code, (codes.get(code) ?? 0) + 1);
      if (thrown?.code === "BLOCKWISE_INVALID_OPTION") options.add((thrown as InvalidOptionError).option);
      expect(thrown?.message.length ?? 0, `the message of ${number}`).toBeLessThan(50_000);
    }
    expect([Object.prototype, Array.prototype, Function.prototype].map(Object.getOwnPropertyNames)).toEqual(
      prototypes,
    );
    // It tries what it says: both ends, and refusals all over the configuration.
    expect(codes.get("taken")).toBeGreaterThan(count / 20);
    expect(codes.get("BLOCKWISE_INVALID_OPTION")).toBeGreaterThan(count / 4);
    expect(options.size).toBeGreaterThan(100);
  }, 120_000);

  it("the same number is the same configuration", () => {
    expect(hostileConfig(7, ["a"])).toBe(hostileConfig(7, ["a"]));
    expect(hostileConfig(8, ["a"])).not.toBe(hostileConfig(7, ["a"]));
  });
});

describe("files that no configuration is", () => {
  const load = (file: string) => loadConfig({ preset: null, file, flags: {} });

  it.each<[string, string, RegExp]>([
    [
      "many-values",
      JSON.stringify({ seed: Array.from({ length: 30_000 }, () => 0) }),
      /at most 20000 values/,
    ],
    ["deep", `{"loss":${'{"loss":'.repeat(100)}1${"}".repeat(101)}`, /nested at most 64 deep/],
    ["large", JSON.stringify({ title: "x".repeat(2 ** 20) }), /at most 1048576 bytes/],
    ["empty", "", /a file of JSON/],
  ])("are refused: %s", async (name, text, message) => {
    const file = join(folder, `${name}.json`);
    await writeFile(file, text);
    await expect(load(file)).rejects.toMatchObject({ code: "BLOCKWISE_INVALID_OPTION", option: "config" });
    await expect(load(file)).rejects.toThrow(message);
  });

  it("are refused where they have no end, or are folders", async () => {
    await expect(load("/dev/zero")).rejects.toThrow(/at most 1048576 bytes/);
    await expect(load(folder)).rejects.toMatchObject({ code: "BLOCKWISE_STORAGE" });
  });
});
