import { InvalidOptionError } from "@blockwise/spec";
import { describe, expect, it } from "vitest";
import type { SafetensorsEntry } from "./safetensors-file.js";
import { toFloat32 } from "./to-float32.js";

describe("toFloat32", () => {
  it("reads float16 by its definition", () => {
    // The values that numpy.float16 has for these bits.
    const cases: readonly (readonly [number, number])[] = [
      [0x0000, 0],
      [0x0001, 2 ** -24],
      [0x03ff, 6.097555160522461e-5],
      [0x0400, 6.103515625e-5],
      [0x3555, 0.333251953125],
      [0x3c00, 1],
      [0xc000, -2],
      [0x7bff, 65504],
      [0x7c00, Infinity],
      [0xfc00, -Infinity],
    ];
    const data = Uint16Array.from(cases, ([bits]) => bits);
    expect([...toFloat32({ dtype: "F16", shape: [cases.length], data })]).toEqual(
      cases.map(([, value]) => value),
    );
    const [nan, minusZero] = toFloat32({ dtype: "F16", shape: [2], data: Uint16Array.of(0x7e00, 0x8000) });
    expect(nan).toBeNaN();
    expect(minusZero).toBe(-0);
  });

  it("reads bfloat16 as the upper half of a float32", () => {
    const data = Uint16Array.of(0x3f80, 0xc000, 0x7f80, 0x0001, 0x8000);
    expect([...toFloat32({ dtype: "BF16", shape: [5], data })]).toEqual([1, -2, Infinity, 2 ** -133, -0]);
  });

  it("lends float32, and rounds or converts all others", () => {
    const own = Float32Array.of(0.1);
    expect(toFloat32({ dtype: "F32", shape: [1], data: own })).toBe(own);
    const others: readonly SafetensorsEntry[] = [
      { dtype: "F64", shape: [1], data: Float64Array.of(0.1) },
      { dtype: "I64", shape: [1], data: BigInt64Array.of(-3n) },
      { dtype: "U8", shape: [1], data: Uint8Array.of(255) },
      { dtype: "BOOL", shape: [1], data: Uint8Array.of(1) },
    ];
    expect(others.map((entry) => toFloat32(entry)[0])).toEqual([Math.fround(0.1), -3, 255, 1]);
  });

  it("refuses what it cannot read", () => {
    const complex: SafetensorsEntry = { dtype: "C64", shape: [1], data: new Float32Array(2) };
    expect(() => toFloat32(complex)).toThrow(InvalidOptionError);
  });
});
