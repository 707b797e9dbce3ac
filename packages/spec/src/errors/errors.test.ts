import { describe, expect, it } from "vitest";
import {
  BlockWorkerError,
  BlockwiseError,
  CheckpointError,
  DataSourceError,
  EngineMemoryError,
  EngineUnavailableError,
  IncompatibleSpecVersionError,
  InvalidOptionError,
  MalformedFileError,
  MissingStateError,
  NonFiniteValueError,
  ShapeMismatchError,
  StorageError,
  UnsupportedFileError,
} from "../index.js";

const cause = new Error("below");

const errors: readonly BlockwiseError[] = [
  new BlockWorkerError("m", { worker: 1, blocks: ["b"], block: "b", step: 2 }, { cause }),
  new CheckpointError("m", { path: "p" }, { cause }),
  new DataSourceError("m", { source: "s" }, { cause }),
  new EngineMemoryError("m", { requestedBytes: 3, usedBytes: 2, budgetBytes: 4 }, { cause }),
  new EngineUnavailableError("m", { engine: "e" }, { cause }),
  new IncompatibleSpecVersionError({ expected: "backbone v1", received: "head v1" }, { cause }),
  new InvalidOptionError({ option: "o", expected: "e", received: 1 }, { cause }),
  new MalformedFileError("m", { path: "p" }, { cause }),
  new MissingStateError("m", { missing: "n" }, { cause }),
  new NonFiniteValueError("m", { block: "b", step: 1, skippedSteps: 2 }, { cause }),
  new ShapeMismatchError({ subject: "x", expected: "[2]", received: [3] }, { cause }),
  new StorageError("m", { path: "p" }, { cause }),
  new UnsupportedFileError("m", { path: "p", refused: "r" }, { cause }),
];

describe("errors", () => {
  it.each(errors.map((error) => [error.constructor.name, error] as const))("%s", (name, error) => {
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe(name);
    expect(error.cause).toBe(cause);
    expect(BlockwiseError.isInstance(error)).toBe(true);
  });

  it("have a code each", () => {
    expect(new Set(errors.map(({ code }) => code)).size).toBe(errors.length);
  });

  it("are known from another copy of the package, by code alone", () => {
    expect(BlockwiseError.isInstance(Object.assign(new Error("x"), { code: "BLOCKWISE_STORAGE" }))).toBe(
      true,
    );
    expect(BlockwiseError.isInstance(Object.assign(new Error("x"), { code: "ENOENT" }))).toBe(false);
    expect(BlockwiseError.isInstance({ code: "BLOCKWISE_STORAGE" })).toBe(false);
    expect(BlockwiseError.isInstance(undefined)).toBe(false);
  });

  it("carry their fields", () => {
    expect(new EngineMemoryError("m", { requestedBytes: 3, usedBytes: 2, budgetBytes: 4 })).toMatchObject({
      requestedBytes: 3,
      usedBytes: 2,
      budgetBytes: 4,
    });
    expect(new NonFiniteValueError("m", { block: "b", step: 1, skippedSteps: 2 })).toMatchObject({
      block: "b",
      step: 1,
      skippedSteps: 2,
    });
  });
});

describe("InvalidOptionError", () => {
  const messageFor = (received: unknown): string =>
    new InvalidOptionError({ option: "optimizer.momentum", expected: "a number", received }).message;

  it("says the option, what it must be and what it is", () => {
    expect(messageFor("high")).toBe('Option "optimizer.momentum" must be a number, but is "high".');
  });

  it.each([
    [Number.NaN, "NaN"],
    [undefined, "undefined"],
    [null, "null"],
    [[1, 2], "[1,2]"],
    [() => 1, "a function"],
    [2n, "2n"],
  ])("describes %s", (value, text) => {
    expect(messageFor(value)).toContain(`but is ${text}.`);
  });

  it("describes what JSON cannot write", () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    expect(messageFor(loop)).toContain("[object Object]");
  });

  it("ends with the hint", () => {
    const error = new InvalidOptionError({ option: "o", expected: "1", received: 2, hint: "Try 1." });
    expect(error.message.endsWith(" Try 1.")).toBe(true);
  });
});

describe("ShapeMismatchError", () => {
  it("says what has the shape, what it must be and what it is", () => {
    const error = new ShapeMismatchError({ subject: "Input", expected: "[batch, 3]", received: [2, 4] });
    expect(error.message).toBe("Input must have shape [batch, 3], but has [2, 4].");
    expect(error.received).toEqual([2, 4]);
  });
});
