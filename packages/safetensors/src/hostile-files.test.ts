import { readFileSync } from "node:fs";
import { BlockwiseError } from "@blockwise/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeSafetensors } from "./decode.js";

const seed = 20230203;
const python = readFileSync(new URL("./__fixtures__/from-python.safetensors", import.meta.url));

/**
 * Reads a file that may be anything: it ends in tensors that hold no more bytes than the file does, or in the one error
 * that is meant for it, which is short.
 */
function survives(bytes: Uint8Array): "read" | "refused" {
  try {
    const { tensors, metadata } = decodeSafetensors(bytes);
    let held = 0;
    for (const { data, shape } of tensors.values()) {
      held += data.byteLength;
      // What is a copy is one of that tensor alone.
      if (data.buffer !== bytes.buffer) expect(data.buffer.byteLength).toBe(data.byteLength);
      expect(shape.every((size) => Number.isSafeInteger(size) && size >= 0)).toBe(true);
    }
    expect(held).toBeLessThanOrEqual(bytes.byteLength);
    expect(Object.values(metadata).every((text) => typeof text === "string")).toBe(true);
    return "read";
  } catch (error) {
    if (!BlockwiseError.isInstance(error)) throw error;
    expect(error.code).toBe("BLOCKWISE_MALFORMED_FILE");
    expect(error.message.length).toBeLessThan(600);
    return "refused";
  } finally {
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Record<string, unknown>).dtype).toBeUndefined();
  }
}

/** Runs a property over that many files, and says how many were read. */
function check(files: fc.Arbitrary<Uint8Array>, numRuns: number): number {
  let read = 0;
  fc.assert(
    fc.property(files, (bytes) => {
      if (survives(bytes) === "read") read += 1;
    }),
    { seed, numRuns },
  );
  return read;
}

function fileOf(header: string, dataBytes: number, claimed?: bigint): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.byteLength + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(text.byteLength), true);
  bytes.set(text, 8);
  return bytes;
}

/** A real file with bytes changed, cut out, repeated and cut off. */
const damagedFiles = fc
  .tuple(
    fc.array(fc.tuple(fc.nat(python.byteLength - 1), fc.nat(255)), { maxLength: 4 }),
    fc.option(fc.tuple(fc.nat(python.byteLength), fc.nat(40), fc.boolean()), { freq: 2 }),
    fc.option(fc.nat(python.byteLength), { freq: 4 }),
  )
  .map(([changes, splice, end]) => {
    let bytes = new Uint8Array(python);
    for (const [place, value] of changes) bytes[place] = value;
    if (splice !== null) {
      const [start, length, twice] = splice;
      const cut = bytes.subarray(start, start + length);
      const rest = bytes.subarray(start + length);
      bytes = Uint8Array.from([...bytes.subarray(0, start), ...(twice ? [...cut, ...cut] : []), ...rest]);
    }
    return end === null ? bytes : bytes.subarray(0, end);
  });

const claims = fc.oneof(
  fc.constantFrom(0n, 1n, 7n, 99_999_999n, 100_000_000n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n),
  // Minus one and minus eight, to a reader of signed numbers.
  fc.constantFrom(2n ** 64n - 1n, 2n ** 64n - 8n),
  fc.bigInt({ min: 0n, max: 300n }),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);

/** Headers that are longer, or shorter, than they say. */
const lyingHeaders = fc
  .tuple(
    fc.constantFrom('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', "{}", '{"__metadata__":{}}'),
    fc.nat(64),
    claims,
  )
  .map(([header, dataBytes, claimed]) => fileOf(header, dataBytes, claimed));

const number = fc.oneof(
  { weight: 4, arbitrary: fc.nat(16).map(String) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...["-1", "-0", "0.5", "NaN", "Infinity", "1e999", "-1e999", "null", '"4"', "true", "[]", "{}"],
      ...["2147483648", "4294967296", "1099511627776", "9007199254740991", "9007199254740993", "1e308"],
    ),
  },
);
const list = (length: number): fc.Arbitrary<string> =>
  fc.array(number, { maxLength: length }).map((numbers) => `[${numbers.join(",")}]`);
const names = fc.constantFrom(
  ...["a", "a", "\\u0061", "b", "", "__proto__", "constructor", "toString", "hasOwnProperty", "__metadata__"],
  ...["../../x", "a\\u0000b", "\\ud800", "\\ud83e\\udd81"],
);
const dtypes = fc.constantFrom(
  ...['"F32"', '"F32"', '"U8"', '"F4"', '"F6_E2M3"', '"C64"', '"I64"', '"F31"', '"f32"', '"constructor"'],
  ...['"__proto__"', "null", "3", '["F32"]', '{"length":3}'],
);

/** A tensor whose place fits its size, so that what is wrong with others, or with none, is reached. */
const goodTensor = fc
  .tuple(fc.nat(3), fc.nat(3), fc.boolean())
  .map(([begin, count, first]) =>
    first
      ? '{"dtype":"F32","shape":[2],"data_offsets":[0,8]}'
      : `{"dtype":"F32","shape":[${count}],"data_offsets":[${4 * begin},${4 * (begin + count)}]}`,
  );

const wildTensor = fc
  .tuple(
    dtypes,
    list(4),
    list(3),
    fc.constantFrom("", "", "", ',"code":1', ',"dtype":"U8"', ',"__proto__":{}'),
  )
  .map(
    ([dtype, shape, offsets, more]) => `{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}${more}}`,
  );

const tensorOrText = fc.oneof(
  { weight: 4, arbitrary: goodTensor },
  { weight: 3, arbitrary: wildTensor },
  { weight: 1, arbitrary: fc.json() },
  {
    weight: 1,
    arbitrary: fc.constantFrom('{"__proto__":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}', "{}"),
  },
);

/** Tensors whose types, sizes and places are wrong more often than right, with names once and twice. */
const wildTensors = fc
  .tuple(fc.array(fc.tuple(names, tensorOrText), { maxLength: 3 }), fc.constantFrom(0, 4, 8, 12))
  .map(([tensors, dataBytes]) =>
    fileOf(`{${tensors.map(([name, tensor]) => `"${name}":${tensor}`).join(",")}}`, dataBytes),
  );

/** Text that is deep, or long, or nearly JSON. */
const wildTexts = fc
  .tuple(
    fc.constantFrom("", "{", '{"a":', '{"__metadata__":', '{"a":{"dtype":', '{"a":{"shape":', '{"a":{"x":'),
    fc.oneof(
      fc
        .tuple(fc.constantFrom("[", '{"a":', '[{"":', "[[],"), fc.nat(2000))
        .map(([part, count]) => part.repeat(count)),
      fc
        .tuple(fc.constantFrom("9", "\\u0000", "n", '"', "\u00e9"), fc.nat(2000))
        .map(([part, n]) => `"${part.repeat(n)}"`),
      fc
        .array(fc.constantFrom(...'{}[]:,"\\', "0", "a", " ", "null", "-", "e"), { maxLength: 40 })
        .map((parts) => parts.join("")),
      fc.json(),
    ),
    fc.constantFrom("", "}", "}}", "]}}", ":1}"),
  )
  .map(([before, middle, after]) => fileOf(before + middle + after, 0));

describe("hostile files", () => {
  it("2,000 damaged ones are read or refused", () => {
    const read = check(damagedFiles, 2000);
    // Neither all nor none: the damage reaches the reader, and is noticed.
    expect(read).toBeGreaterThan(50);
    expect(read).toBeLessThan(1900);
  });

  it("1,000 whose header's length lies are read or refused", () => {
    check(lyingHeaders, 1000);
  });

  it("3,000 lists of wild tensors are read or refused", () => {
    const read = check(wildTensors, 3000);
    expect(read).toBeGreaterThan(50);
    expect(read).toBeLessThan(2900);
  });

  it("1,500 wild texts are read or refused", () => {
    check(wildTexts, 1500);
  });
});

describe("a header that claims too much", () => {
  it("takes no memory for what it claims", () => {
    const sizes: number[] = [];
    const counting = new Proxy(Uint8Array, {
      construct: (target, [first, ...rest]) => {
        if (typeof first === "number") sizes.push(first);
        return Reflect.construct(target, [first, ...rest]) as Uint8Array;
      },
    });
    const real = globalThis.Uint8Array;
    const huge = fileOf('{"a":{"dtype":"U8","shape":[1099511627776],"data_offsets":[0,1099511627776]}}', 4);
    const long = fileOf("{}", 0, 2n ** 40n);
    globalThis.Uint8Array = counting;
    try {
      expect(() => decodeSafetensors(huge)).toThrow(/cut off/);
      expect(() => decodeSafetensors(long)).toThrow(/claims/);
    } finally {
      globalThis.Uint8Array = real;
    }
    expect(sizes).toEqual([]);
  });
});
