import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { findInstalledEngine } from "../installed/installed-engine.js";
import { compiler, makeStubMachine, type StubMachine } from "./__fixtures__/stub-machine.js";
import { installEngine } from "./install-engine.js";
import { removeEngine } from "./remove-engine.js";

let machine: StubMachine;

afterEach(() => machine.remove());

function install(options: Parameters<typeof installEngine>[0] = {}): ReturnType<typeof installEngine> {
  return installEngine({ folder: machine.engines, ...options }, machine.surroundings);
}

describe.skipIf(compiler === null)("installEngine", () => {
  test("installs from PyPI, once, and is undone without a trace", async () => {
    machine = makeStubMachine();
    const messages: string[] = [];
    const first = await install({ onProgress: (message) => messages.push(message) });
    expect(first).toMatchObject({
      changed: true,
      folder: join(machine.engines, "tensorflow"),
      manifest: {
        variant: "cpu",
        tensorflow: "2.99.0",
        tfjsNode: "4.22.0",
        from: "pypi",
        platform: "linux-x64",
      },
    });
    expect(first.manifest.archives).toHaveLength(1);
    expect(messages.join("\n")).toMatch(/npm[\s\S]*pip[\s\S]*unpacking[\s\S]*building[\s\S]*checking/);
    const files = machine.snapshot();
    expect(Object.keys(files).filter((name) => !name.startsWith("tensorflow/"))).toEqual([]);
    const source = join(
      first.folder,
      "node_modules",
      "@tensorflow",
      "tfjs-node",
      "binding",
      "tfjs_backend.cc",
    );
    expect(readFileSync(source, "utf8")).toContain("static thread_local std::set<std::string> NAMES");
    expect(Object.keys(files).filter((name) => /downloads|large\.so|\.whl|\.tgz/.test(name))).toEqual([]);

    const calls = machine.calls();
    expect(calls.filter((call) => call.startsWith("pip")).join()).toContain("--require-hashes");
    expect(
      calls.filter((call) => call.startsWith("npm")).every((call) => call.includes("--ignore-scripts")),
    ).toBe(true);
    expect(await install()).toMatchObject({ changed: false });
    expect(machine.calls()).toEqual(calls);
    expect(machine.snapshot()).toEqual(files);

    expect(await removeEngine("cpu", machine.engines)).toBe(true);
    expect(machine.snapshot()).toEqual({});
    expect(await removeEngine("cpu", machine.engines)).toBe(false);
  });

  test("installs again what no longer passes its check, and what it is forced to", async () => {
    machine = makeStubMachine();
    const { folder } = await install();
    const files = machine.snapshot();
    writeFileSync(join(folder, "library", "tensorflow", "libtensorflow_cc.so.2"), "damaged");
    expect(await install()).toMatchObject({ changed: true });
    expect(machine.snapshot()).toEqual(files);
    expect(await install({ force: true })).toMatchObject({ changed: true });
  });

  test("uses a library in a folder where it is", async () => {
    machine = makeStubMachine();
    const { manifest } = await install({ from: machine.libraryFolder });
    expect(manifest).toMatchObject({ from: machine.libraryFolder, archives: [], tensorflow: "2.99.0" });
    expect(Object.keys(machine.snapshot()).some((name) => name.includes("libtensorflow"))).toBe(false);
  });

  test.each(["file", "folder"])("takes a wheel of the user's, by its %s", async (kind) => {
    machine = makeStubMachine();
    const { manifest } = await install({
      from: kind === "file" ? machine.wheel : join(machine.root, "wheels"),
    });
    expect(manifest.archives).toEqual([
      {
        name: "tensorflow_cpu-2.99.0-cp311-none-any.whl",
        sha256: createHash("sha256").update(readFileSync(machine.wheel)).digest("hex"),
      },
    ]);
    expect(machine.calls().some((call) => call.startsWith("pip"))).toBe(false);
  });

  test("keeps the engine for GPUs beside the other one", async () => {
    machine = makeStubMachine("none", true);
    await install();
    await install({ variant: "gpu" });
    expect(findInstalledEngine("cpu", machine.engines)?.manifest.variant).toBe("cpu");
    expect(findInstalledEngine("gpu", machine.engines)?.manifest.variant).toBe("gpu");
    await removeEngine("gpu", machine.engines);
    expect(findInstalledEngine("cpu", machine.engines)).not.toBeNull();
    expect(findInstalledEngine("gpu", machine.engines)).toBeNull();
  });

  test("takes TensorFlow.js's own archive, and refuses another one at its address", async () => {
    machine = makeStubMachine();
    const archive = join(machine.root, "libtensorflow.tar.gz");
    execFileSync("tar", ["-czf", archive, "-C", machine.libraryFolder, "."]);
    const data = readFileSync(archive);
    const server = createServer((request, response) => {
      response.statusCode = request.url === "/libtensorflow.tar.gz" ? 200 : 404;
      response.end(data);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const at = (file: string, sha256: string): ReturnType<typeof install> => {
      const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${file}`;
      const official = {
        cpu: { "linux-x64": { tensorflow: "2.99.0", address, sha256, diskBytes: 1 } },
        gpu: {},
      };
      const surroundings = {
        ...machine.surroundings,
        sources: { ...machine.surroundings.sources, official },
      };
      return installEngine({ folder: machine.engines, from: "official" }, surroundings);
    };
    try {
      await expect(at("libtensorflow.tar.gz", "0".repeat(64))).rejects.toMatchObject({ step: "checksum" });
      await expect(at("missing.tar.gz", "0".repeat(64))).rejects.toMatchObject({
        step: "download",
        message: expect.stringContaining("404"),
      });
      expect(machine.snapshot()).toEqual({});
      const sha256 = createHash("sha256").update(data).digest("hex");
      expect(await at("libtensorflow.tar.gz", sha256)).toMatchObject({ changed: true });
    } finally {
      server.close();
    }
  });

  test("clears away what a killed installation left, and puts an engine back that it had moved aside", async () => {
    machine = makeStubMachine();
    await install();
    const files = machine.snapshot();
    mkdirSync(join(machine.engines, ".staging-1"));
    writeFileSync(join(machine.engines, ".staging-1", "half"), "half");
    execFileSync("mv", [join(machine.engines, "tensorflow"), join(machine.engines, ".retired-tensorflow")]);
    writeFileSync(join(machine.engines, ".lock"), "999999999");
    expect(await install()).toMatchObject({ changed: false });
    expect(machine.snapshot()).toEqual(files);
  });
});
