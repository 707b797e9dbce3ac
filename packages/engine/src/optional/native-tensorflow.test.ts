import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import util from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { loadNativeTensorFlow } from "./native-tensorflow.js";

const folders: string[] = [];

afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })));
});

/** A folder with an installed package of that name and code; what it gives is a place to search from. */
async function install(name: string, code: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "blockwise-engine-"));
  folders.push(folder);
  const target = join(folder, "node_modules", name);
  await mkdir(target, { recursive: true });
  await writeFile(
    join(target, "package.json"),
    JSON.stringify({ name, version: "4.22.0", main: "index.js" }),
  );
  await writeFile(join(target, "index.js"), code);
  return [pathToFileURL(join(folder, "package.json")).href];
}

describe("loadNativeTensorFlow", () => {
  test("says that the package is not installed", async () => {
    const places = await install("something-else", "");
    expect(await loadNativeTensorFlow("node", { installed: null, places })).toEqual({
      available: false,
      version: null,
      reason: "@tensorflow/tfjs-node is not installed",
    });
  });

  test("says that the native addon is missing", async () => {
    const code =
      'throw new Error("The Node.js native addon module (tfjs_binding.node) can not be found at path: x");';
    const places = await install("@tensorflow/tfjs-node", code);
    expect(await loadNativeTensorFlow("node", { installed: null, places })).toMatchObject({
      available: false,
      version: "4.22.0",
      reason: expect.stringContaining("its native addon is missing"),
    });
  });

  test("passes on why else a package does not load", async () => {
    const places = await install(
      "@tensorflow/tfjs-node-gpu",
      'throw new Error("libcudart.so.11.0: no such file");',
    );
    expect(await loadNativeTensorFlow("node-gpu", { installed: null, places })).toMatchObject({
      available: false,
      reason: expect.stringContaining("libcudart.so.11.0"),
    });
  });

  test("is not content with a package that registers no backend", async () => {
    const places = await install("@tensorflow/tfjs-node", "");
    expect(await loadNativeTensorFlow("node", { installed: null, places })).toMatchObject({
      available: false,
      reason: expect.stringContaining("registers no backend"),
    });
  });

  test("restores what Node 23 removed before the package is loaded", async () => {
    const utilities = util as unknown as Record<string, unknown>;
    const { isNullOrUndefined, isArray } = utilities;
    utilities.isNullOrUndefined = undefined;
    utilities.isArray = undefined;
    const code =
      'const util = require("node:util"); throw new Error([util.isNullOrUndefined(null), util.isArray([])].join());';
    try {
      const places = await install("@tensorflow/tfjs-node", code);
      expect(await loadNativeTensorFlow("node", { installed: null, places })).toMatchObject({
        reason: expect.stringContaining("true,true"),
      });
    } finally {
      Object.assign(utilities, { isNullOrUndefined, isArray });
    }
  });
});
