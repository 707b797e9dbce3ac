import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadNativeTensorFlow } from "../optional/native-tensorflow.js";
import { enginesFolder, installedEngineFolder } from "./engines-folder.js";
import { findInstalledEngine, manifestName } from "./installed-engine.js";
import { standInCode } from "./shared-tensorflow-js.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "blockwise-engines-"));
});

afterEach(() => rm(folder, { recursive: true }));

/** An installed engine whose module is the given code, with stand-ins beside it. */
async function install(code: string): Promise<void> {
  const place = installedEngineFolder("cpu", folder);
  const modules = join(place, "node_modules", "@tensorflow");
  await mkdir(join(modules, "tfjs-node", "dist"), { recursive: true });
  await writeFile(join(modules, "tfjs-node", "dist", "index.js"), code);
  await mkdir(join(modules, "tfjs"));
  await writeFile(join(modules, "tfjs", "index.js"), standInCode);
  const manifest = { format: 1, variant: "cpu", tensorflow: "2.0.0", tfjsNode: "4.22.0", from: "pypi" };
  await writeFile(join(place, manifestName), JSON.stringify(manifest));
}

describe("enginesFolder", () => {
  test.each([
    [{ BLOCKWISE_CACHE: "/cache" }, "/cache/engines"],
    [{ XDG_CACHE_HOME: "/home/a/.cache" }, "/home/a/.cache/blockwise/engines"],
    [{ BLOCKWISE_CACHE: "/cache", XDG_CACHE_HOME: "/other" }, "/cache/engines"],
  ])("of %j is %s", (environment, expected) => {
    expect(enginesFolder(environment)).toBe(expected);
  });

  test("ignores a relative XDG_CACHE_HOME, as its specification says", () => {
    expect(enginesFolder({ XDG_CACHE_HOME: "here" })).toMatch(/^\/.*\.cache\/blockwise\/engines$/);
  });
});

describe("findInstalledEngine", () => {
  test("finds nothing in an empty folder, nor where the manifest is not to be understood", async () => {
    expect(findInstalledEngine("cpu", folder)).toBeNull();
    await install("");
    await writeFile(join(installedEngineFolder("cpu", folder), manifestName), '{"format": 2}');
    expect(findInstalledEngine("cpu", folder)).toBeNull();
    await writeFile(join(installedEngineFolder("cpu", folder), manifestName), "{");
    expect(findInstalledEngine("cpu", folder)).toBeNull();
  });

  test("keeps the variants apart", async () => {
    await install("");
    expect(findInstalledEngine("cpu", folder)?.manifest.tensorflow).toBe("2.0.0");
    expect(findInstalledEngine("gpu", folder)).toBeNull();
  });
});

describe("an installed engine", () => {
  test("is given the one TensorFlow.js of whoever loads it", async () => {
    const shared = globalThis as { loadedCore?: unknown };
    await install('globalThis.loadedCore = require("@tensorflow/tfjs").engine();');
    try {
      await loadNativeTensorFlow("node", { installed: findInstalledEngine("cpu", folder) });
      expect(shared.loadedCore).toBe(tf.engine());
    } finally {
      delete shared.loadedCore;
    }
  });

  test("that does not load is not available, and says why", async () => {
    await install('throw new Error("libtensorflow_cc.so.2: cannot open shared object file");');
    expect(
      await loadNativeTensorFlow("node", { installed: findInstalledEngine("cpu", folder) }),
    ).toMatchObject({
      available: false,
      version: "4.22.0",
      reason: expect.stringContaining("libtensorflow_cc.so.2"),
    });
  });
});
