import { describe, expect, it } from "vitest";
import { decodeSafetensors } from "./decode.js";
import { encodeSafetensors } from "./encode.js";
import type { SafetensorsEntry } from "./safetensors-file.js";

const float: SafetensorsEntry = { dtype: "F32", shape: [3], data: new Float32Array([1, 2, 3]) };
const byte: SafetensorsEntry = { dtype: "U8", shape: [], data: new Uint8Array([9]) };
const double: SafetensorsEntry = { dtype: "F64", shape: [1, 1], data: new Float64Array([0.1]) };

describe("encodeSafetensors", () => {
  it("lays a file out as the format says", () => {
    const bytes = encodeSafetensors({ tensors: [["b", byte]], metadata: { k: "v" } });
    const header = '{"__metadata__":{"k":"v"},"b":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}';
    expect(Buffer.from(bytes.subarray(0, 8))).toEqual(Buffer.from([80, 0, 0, 0, 0, 0, 0, 0]));
    expect(new TextDecoder().decode(bytes.subarray(8, 88))).toBe(header.padEnd(80));
    expect([...bytes.subarray(88)]).toEqual([9]);
  });

  it("gives the same bytes for the same content in any order", () => {
    const metadata = { z: "1", a: "2" };
    const forward = encodeSafetensors({
      tensors: [
        ["10", byte],
        ["9", float],
        ["a", double],
      ],
      metadata,
    });
    const backward = encodeSafetensors({
      tensors: new Map<string, SafetensorsEntry>([
        ["a", double],
        ["9", float],
        ["10", byte],
      ]),
      metadata: { a: "2", z: "1" },
    });
    expect(forward).toEqual(backward);
  });

  it("aligns every tensor, so that none is copied on reading", () => {
    const bytes = encodeSafetensors({
      tensors: [
        ["a", byte],
        ["b", float],
        ["c", double],
      ],
    });
    const { tensors } = decodeSafetensors(bytes);
    expect([...tensors.keys()]).toEqual(["c", "b", "a"]);
    for (const { data } of tensors.values()) expect(data.buffer).toBe(bytes.buffer);
  });

  it("writes a part of a buffer only", () => {
    const data = new Float32Array([0, 1, 2, 3]).subarray(1, 3);
    const { tensors } = decodeSafetensors(
      encodeSafetensors({ tensors: [["a", { dtype: "F32", shape: [2], data }]] }),
    );
    expect(tensors.get("a")?.data).toEqual(new Float32Array([1, 2]));
  });

  it("writes a file without tensors", () => {
    expect(decodeSafetensors(encodeSafetensors({ tensors: [] }))).toEqual({
      tensors: new Map(),
      metadata: {},
    });
  });

  it.each<[string, readonly [string, SafetensorsEntry][], RegExp]>([
    [
      "a name twice",
      [
        ["a", byte],
        ["a", byte],
      ],
      /is taken by another tensor/,
    ],
    ["the metadata's name", [["__metadata__", byte]], /reserved by the format/],
    ["the prototype's name", [["__proto__", byte]], /reserved by JavaScript/],
    ["a broken name", [["\ud800", byte]], /lone surrogate/],
    [
      "a shape that disagrees",
      [["a", { ...float, shape: [2] }]],
      /"a" \(F32\) must have shape .* but has \[2\]/,
    ],
    ["a negative shape", [["a", { ...float, shape: [-3, -1] }]], /must have shape/],
    ["an unknown dtype", [["a", { ...byte, dtype: "U9" } as unknown as SafetensorsEntry]], /dtype" must be/],
    ["another array", [["a", { ...byte, dtype: "I8" } as unknown as SafetensorsEntry]], /dtype" must be/],
  ])("refuses %s", (_, tensors, message) => {
    expect(() => encodeSafetensors({ tensors })).toThrow(message);
  });

  it.each([
    ["a number", { k: 1 as unknown as string }],
    ["broken text", { k: "\udfff" }],
    ["the prototype's name", JSON.parse('{"__proto__":"x"}') as Record<string, string>],
  ])("refuses %s in the metadata", (_, metadata) => {
    expect(() => encodeSafetensors({ tensors: [], metadata })).toThrow(/Option "metadata\[/);
  });
});
