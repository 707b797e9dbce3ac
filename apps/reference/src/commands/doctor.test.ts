import { describe, expect, it } from "vitest";
import { formatDoctor } from "./doctor.js";

describe("formatDoctor", () => {
  it("says of every engine whether it is there, its limits, and how to get it", () => {
    const text = formatDoctor("Node 20", {
      engines: [
        {
          name: "node",
          available: false,
          version: null,
          threads: 2,
          memoryLimitBytes: null,
          detail: "it is not installed",
          howToGet: "npm install it",
        },
        {
          name: "wasm",
          available: true,
          version: "4.22.0",
          threads: 1,
          memoryLimitBytes: 3.5 * 2 ** 30,
          detail: "WebAssembly",
          howToGet: null,
        },
      ],
      automatic: { name: "wasm", reason: "nothing else is there" },
    });
    expect(text.split("\n")).toEqual([
      "Node 20",
      "",
      "Engines:",
      "  node  not available: it is not installed",
      "        to get it: npm install it",
      "  wasm  available: WebAssembly",
      "        version 4.22.0, 1 thread, at most 3.5 GiB for tensors",
      "",
      "Picked by --engine auto: wasm, since nothing else is there.",
    ]);
  });
});
