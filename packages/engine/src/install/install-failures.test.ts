import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EngineInstallStep } from "@blockwise/spec";
import { afterEach, describe, expect, test } from "vitest";
import {
  compiler,
  type Defect,
  makeStubMachine,
  type StubMachine,
  wheelWith,
  withoutProgram,
} from "./__fixtures__/stub-machine.js";
import { type InstallEngineOptions, type InstallSurroundings, installEngine } from "./install-engine.js";

let machine: StubMachine;

afterEach(() => machine.remove());

/** A machine with an engine of before, which no failure may touch. */
function machineWithEngine(defect: Defect = "none"): StubMachine {
  const made = makeStubMachine(defect);
  mkdirSync(join(made.engines, "tensorflow"), { recursive: true });
  const before = { format: 1, variant: "cpu", from: "before" };
  writeFileSync(join(made.engines, "tensorflow", "engine.json"), JSON.stringify(before));
  return made;
}

async function expectFailure(
  step: EngineInstallStep,
  message: string,
  options: InstallEngineOptions = {},
  surroundings: InstallSurroundings = machine.surroundings,
): Promise<void> {
  const before = machine.snapshot();
  await expect(installEngine({ folder: machine.engines, ...options }, surroundings)).rejects.toMatchObject({
    code: "BLOCKWISE_ENGINE_INSTALL",
    step,
    message: expect.stringContaining(message),
  });
  expect(machine.snapshot()).toEqual(before);
}

function replaceWheels(bytes: Buffer): void {
  writeFileSync(machine.wheel, bytes);
}

describe.skipIf(compiler === null)("an installation that fails leaves all as it was", () => {
  test("without Python, whose absence does not matter to a wheel that is there", async () => {
    machine = machineWithEngine();
    const surroundings = withoutProgram(machine, "python3");
    await expectFailure("python", "apt install python3-pip", {}, surroundings);
    expect(machine.calls()).toEqual([]);
  });

  test("without npm", async () => {
    machine = machineWithEngine();
    await expectFailure("npm", "There is no npm", {}, withoutProgram(machine, "npm"));
  });

  test("without a compiler, before anything is fetched", async () => {
    machine = machineWithEngine();
    await expectFailure("compiler", "apt install g++", {}, withoutProgram(machine, "c++"));
    expect(machine.calls()).toEqual([]);
  });

  test("with a wheel that is another than the one published", async () => {
    machine = machineWithEngine();
    replaceWheels(wheelWith({ "tensorflow/libtensorflow_cc.so.2": Buffer.from("other") }));
    await expectFailure("checksum", "It has been deleted");
  });

  test("with a package that is another than the one published", async () => {
    machine = machineWithEngine();
    const { sources } = machine.surroundings;
    const packages = sources.packages.map((each) => ({ ...each, integrity: `sha512-${"0".repeat(86)}==` }));
    await expectFailure(
      "checksum",
      "@tensorflow/tfjs-node@4.22.0",
      {},
      {
        ...machine.surroundings,
        sources: { ...sources, packages },
      },
    );
  });

  test("with a wheel of the user's that is damaged inside", async () => {
    machine = machineWithEngine();
    const name = "tensorflow/libtensorflow_cc.so.2";
    replaceWheels(wheelWith({ [name]: Buffer.from("damaged") }, { [name]: Buffer.from("published") }));
    await expectFailure("checksum", name, { from: machine.wheel });
    replaceWheels(wheelWith({ [name]: Buffer.from("whole") }, {}));
    await expectFailure("library", "RECORD says nothing", { from: machine.wheel });
    replaceWheels(Buffer.from("no archive at all"));
    await expectFailure("library", "not a whole Python wheel", { from: machine.wheel });
  });

  test("with a place that has no TensorFlow", async () => {
    machine = machineWithEngine();
    const other = join(machine.root, "notes.txt");
    writeFileSync(other, "no archive");
    await expectFailure("library", "must be a wheel (.whl), an archive", { from: other });
    await expectFailure("library", "There is no file or folder", { from: join(machine.root, "nowhere") });
    await expectFailure("library", "There is no TensorFlow in", { from: join(machine.root, "npm") });
  });

  test("with too little space", async () => {
    machine = machineWithEngine();
    const { sources } = machine.surroundings;
    const wheels = sources.wheels.cpu["linux-x64"];
    if (wheels === undefined) throw new Error("The stub machine has no wheels.");
    await expectFailure(
      "space",
      "BLOCKWISE_CACHE",
      {},
      {
        ...machine.surroundings,
        sources: { ...sources, wheels: { cpu: { "linux-x64": { ...wheels, diskBytes: 2 ** 60 } }, gpu: {} } },
      },
    );
  });

  test("with an addon that does not compile", async () => {
    machine = machineWithEngine();
    writeFileSync(
      join(machine.libraryFolder, "include", "tensorflow", "c", "c_api.h"),
      "#error wrong headers\n",
    );
    await expectFailure("build", "wrong headers", { from: machine.libraryFolder });
  });

  test("with an engine that computes something wrong", async () => {
    machine = machineWithEngine("wrong");
    await expectFailure("check", "a 3x3 convolution, gradient of the filter has");
  });

  test("with an engine that crashes", async () => {
    machine = machineWithEngine("crash");
    await expectFailure("check", "does not run here");
  });

  test("when it is interrupted", async () => {
    machine = machineWithEngine();
    writeFileSync(join(machine.root, "hang"), "");
    const controller = new AbortController();
    const onProgress = (message: string): void => {
      if (message.includes("by pip")) setTimeout(() => controller.abort(), 200);
    };
    await expectFailure("interrupted", "as it was", { signal: controller.signal, onProgress });
  });

  test("while another one is at work", async () => {
    machine = machineWithEngine();
    writeFileSync(join(machine.engines, ".lock"), String(process.pid));
    await expectFailure("busy", `process ${process.pid}`);
  });

  test.each([
    ["platform", "On darwin-arm64", { platform: "darwin-arm64" }, {}],
    ["platform", "without glibc", { glibc: null }, {}],
    ["platform", "not published for linux-riscv64", { platform: "linux-riscv64" }, {}],
    ["gpu", "no driver for an NVIDIA GPU", {}, { variant: "gpu" }],
  ] as const)("for want of a %s: %s", async (step, message, other, options) => {
    machine = machineWithEngine();
    await expectFailure(step, message, options, { ...machine.surroundings, ...other });
  });

  test("where TensorFlow sees no GPU", async () => {
    machine = machineWithEngine();
    await expectFailure(
      "gpu",
      "sees no GPU",
      { variant: "gpu" },
      {
        ...machine.surroundings,
        hasNvidiaDriver: true,
      },
    );
  });
});
