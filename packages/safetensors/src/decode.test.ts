import { readFileSync } from "node:fs";
import { BlockwiseError, MalformedFileError } from "@blockwise/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeSafetensors } from "./decode.js";
import { encodeSafetensors } from "./encode.js";

const python = readFileSync(new URL("./__fixtures__/from-python.safetensors", import.meta.url));

/** A file of that header text and so many zero bytes of data. */
function fileOf(header: string | object, dataBytes = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.byteLength + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.byteLength), true);
  bytes.set(text, 8);
  return bytes;
}

const float = (begin: number, end: number, shape: readonly unknown[] = [(end - begin) / 4]): object => ({
  dtype: "F32",
  shape,
  data_offsets: [begin, end],
});

describe("a file written by the Python library", () => {
  const { tensors, metadata } = decodeSafetensors(python);

  it("gives every tensor with its type, shape and values", () => {
    expect(Object.fromEntries(tensors)).toEqual({
      float32: { dtype: "F32", shape: [2, 2], data: new Float32Array([1.5, -0, Infinity, 3.4028235e38]) },
      float64: { dtype: "F64", shape: [2], data: new Float64Array([0.1, -1e300]) },
      int64: { dtype: "I64", shape: [2], data: new BigInt64Array([-(2n ** 63n), 2n ** 63n - 1n]) },
      int32: { dtype: "I32", shape: [2], data: new Int32Array([-7, 2147483647]) },
      uint16: { dtype: "U16", shape: [1], data: new Uint16Array([65535]) },
      float16: { dtype: "F16", shape: [2], data: new Uint16Array([0x3c00, 0xc000]) },
      bool: { dtype: "BOOL", shape: [3], data: new Uint8Array([1, 0, 1]) },
      uint8: { dtype: "U8", shape: [1, 2, 3], data: new Uint8Array([0, 1, 2, 3, 4, 5]) },
      scalar: { dtype: "F32", shape: [], data: new Float32Array([42]) },
      empty: { dtype: "F32", shape: [0, 3], data: new Float32Array() },
      "layer1.0.größe": { dtype: "F32", shape: [1], data: new Float32Array([1]) },
    });
    expect(metadata).toEqual({ note: "größe ✓", format: "np" });
  });

  it("reads the same wherever it begins in memory", () => {
    for (let shift = 1; shift < 8; shift++) {
      const moved = new Uint8Array(python.byteLength + shift);
      moved.set(python, shift);
      expect(decodeSafetensors(moved.subarray(shift)).tensors).toEqual(tensors);
    }
  });

  it("is refused wherever it is cut off, and with a byte too many", () => {
    for (let length = 0; length < python.byteLength; length++) {
      expect(() => decodeSafetensors(python.subarray(0, length))).toThrow(MalformedFileError);
    }
    expect(() => decodeSafetensors(Buffer.concat([python, Buffer.alloc(1)]))).toThrow(/1 bytes behind/);
  });
});

describe("a file made to mislead", () => {
  const length = (declared: bigint): Uint8Array => {
    const bytes = fileOf("{}");
    new DataView(bytes.buffer).setBigUint64(0, declared, true);
    return bytes;
  };

  it.each<[string, Uint8Array, RegExp]>([
    ["no header", new Uint8Array(7), /has 7 bytes, fewer than the 8/],
    ["a header longer than the file", length(3n), /claims 3 bytes, where at most 2/],
    ["a header of 2^64 - 1 bytes", length(2n ** 64n - 1n), /claims 18446744073709551615 bytes/],
    ["an empty header", length(0n), /does not begin with \{/],
    ["broken text", fileOf("{}").with(8, 0xff), /not valid UTF-8/],
    ["a byte order mark", fileOf("\ufeff{}"), /does not begin with \{/],
    ["an array", fileOf("[]"), /does not begin with \{/],
    ["broken JSON", fileOf('{"a":'), /not valid JSON/],
    ["a name twice", fileOf(`{"a":${JSON.stringify(float(0, 4))},"\\u0061":1}`, 4), /key "a" twice/],
    ["a field twice", fileOf('{"a":{"dtype":"F32","dtype":"U8"}}'), /key "dtype" twice/],
    ["a metadata key twice", fileOf('{"__metadata__":{"k":"}","k":"2"}}'), /key "k" twice/],
    ["metadata that is no object", fileOf({ __metadata__: [] }), /__metadata__ is not an object/],
    ["metadata that is no text", fileOf({ __metadata__: { epoch: 3 } }), /value "epoch" is not a string/],
    ["a metadata key __proto__", fileOf('{"__metadata__":{"__proto__":"x"}}'), /reserved by JavaScript/],
    ["a tensor named __proto__", fileOf(`{"__proto__":${JSON.stringify(float(0, 0))}}`), /reserved by Java/],
    ["a name of half a character", fileOf('{"\\ud800":1}'), /lone surrogate/],
    ["a tensor that is null", fileOf({ a: null }), /tensor "a" is not described/],
    ["an unknown field", fileOf({ a: { ...float(0, 0), code: 1 } }), /unknown field "code"/],
    ["an unknown dtype", fileOf({ a: { ...float(0, 0), dtype: "F31" } }), /no known dtype \("F31"\)/],
    ["an inherited dtype", fileOf({ a: { ...float(0, 0), dtype: "toString" } }), /no known dtype/],
    ["no dtype", fileOf({ a: { shape: [], data_offsets: [0, 4] } }, 4), /no known dtype \(missing\)/],
    ["a negative size", fileOf({ a: float(0, 4, [-1]) }, 4), /no valid shape \(\[-1\]\)/],
    ["a broken size", fileOf({ a: float(0, 4, [0.5]) }, 4), /no valid shape/],
    ["a size in text", fileOf({ a: float(0, 4, ["1"]) }, 4), /no valid shape/],
    [
      "a size beyond counting",
      fileOf('{"a":{"dtype":"U8","shape":[1e999],"data_offsets":[0,0]}}'),
      /valid shape/,
    ],
    ["sizes that overflow", fileOf({ a: float(0, 0, [2 ** 40, 2 ** 40, 0]) }), /cannot be counted/],
    ["half a byte", fileOf({ a: { dtype: "F4", shape: [3], data_offsets: [0, 1] } }, 1), /cannot be counted/],
    ["three offsets", fileOf({ a: { ...float(0, 4), data_offsets: [0, 4, 4] } }, 4), /valid data_offsets/],
    ["offsets backwards", fileOf({ a: { ...float(0, 4), data_offsets: [4, 0] } }, 4), /valid data_offsets/],
    ["a shape that disagrees", fileOf({ a: float(0, 8, [1]) }, 8), /takes 4 bytes but has 8/],
    ["overlapping tensors", fileOf({ a: float(0, 8), b: float(4, 12) }, 12), /tensor "b" overlaps/],
    ["two tensors in one place", fileOf({ a: float(0, 4), b: float(0, 4) }, 4), /tensor "b" overlaps/],
    [
      "a gap",
      fileOf({ a: float(0, 4), b: float(8, 12) }, 12),
      /tensor "b" leaves a gap before it: it begins at 8/,
    ],
    ["a gap at the start", fileOf({ a: float(4, 8) }, 8), /tensor "a" leaves a gap/],
    ["data cut off", fileOf({ a: float(0, 8) }, 7), /cut off: its tensors take 8 bytes, and 7 are there/],
    ["data behind the end", fileOf({ a: float(0, 4) }, 5), /has 1 bytes behind/],
    ["very deep lists", fileOf(`{"a":{"dtype":${"[".repeat(1e5)}${"]".repeat(1e5)}}}`), /nested more than 3/],
    ["very deep objects", fileOf(`${'{"a":'.repeat(1e5)}1${"}".repeat(1e5)}`), /nested more than 3 deep/],
    ["a very long name", fileOf({ ["n".repeat(1e6)]: null }), /^.{0,300}$/s],
  ])("with %s is refused", (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes, "run/step-7.safetensors")).toThrow(message);
    expect(() => decodeSafetensors(bytes, "run/step-7.safetensors")).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_MALFORMED_FILE", path: "run/step-7.safetensors" }),
    );
  });

  it("with quotes, colons and braces in its names is read", () => {
    const header = {
      'a"b:{\\': float(0, 4),
      "}": float(4, 8),
      __metadata__: { ":": "\\", '"': '{"a":1,"a":2}' },
    };
    const { tensors, metadata } = decodeSafetensors(fileOf(header, 8));
    expect([...tensors.keys()]).toEqual(['a"b:{\\', "}"]);
    expect(metadata).toEqual(header.__metadata__);
  });
});

describe("damage of any kind", () => {
  const decodesOrRefuses = (bytes: Uint8Array): void => {
    try {
      const { tensors } = decodeSafetensors(bytes);
      for (const { data } of tensors.values()) expect(data.byteLength).toBeLessThanOrEqual(bytes.byteLength);
    } catch (error) {
      if (!BlockwiseError.isInstance(error)) throw error;
      expect(error.code).toBe("BLOCKWISE_MALFORMED_FILE");
    }
  };

  it("to bytes ends in a value or the one error", () => {
    const damage = fc.array(fc.tuple(fc.nat(python.byteLength - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(damage, (changes) => {
        const bytes = new Uint8Array(python);
        for (const [place, value] of changes) bytes[place] = value;
        decodesOrRefuses(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it("to the header's values ends in a value or the one error", () => {
    const field = fc.oneof(
      fc.jsonValue(),
      fc.array(fc.oneof(fc.nat(16), fc.constantFrom(-1, 0.5, 2 ** 53, 1e308)), { maxLength: 3 }),
      fc.constantFrom("F32", "U8", "F4", "C64"),
    );
    const tensor = fc.record({ dtype: field, shape: field, data_offsets: field }, { requiredKeys: [] });
    const header = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(fc.oneof(fc.string(), fc.constant("__metadata__")), fc.oneof(tensor, fc.jsonValue())),
    );
    fc.assert(
      fc.property(header, fc.nat(32), (value, dataBytes) =>
        decodesOrRefuses(fileOf(JSON.stringify(value), dataBytes)),
      ),
      { numRuns: 500 },
    );
  });

  it("does not mind __proto__ where it is no key", () => {
    const metadata = { "": "__proto__" };
    expect(decodeSafetensors(encodeSafetensors({ tensors: [], metadata })).metadata).toEqual(metadata);
  });

  it("does not happen to what is encoded and decoded", () => {
    const name = fc
      .string({ unit: "grapheme" })
      .filter((text) => !["__metadata__", "__proto__"].includes(text));
    const entry = fc.oneof(
      fc.float32Array().map((data) => ({ dtype: "F32" as const, shape: [data.length], data })),
      fc.uint8Array().map((data) => ({ dtype: "U8" as const, shape: [1, data.length], data })),
      fc.bigInt64Array().map((data) => ({ dtype: "I64" as const, shape: [data.length, 1], data })),
    );
    fc.assert(
      fc.property(
        fc.dictionary(name, entry),
        fc.dictionary(name, fc.string({ unit: "grapheme" })),
        (record, metadata) => {
          const decoded = decodeSafetensors(encodeSafetensors({ tensors: Object.entries(record), metadata }));
          expect(Object.fromEntries(decoded.tensors)).toEqual({ ...record });
          expect(decoded.metadata).toEqual({ ...metadata });
        },
      ),
      { numRuns: 200 },
    );
  });
});
