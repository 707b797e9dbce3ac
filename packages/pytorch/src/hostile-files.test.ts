import { readFile } from "node:fs/promises";
import { BlockwiseError, MalformedFileError } from "@blockwise/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PickleNode, pickled, tensorNode } from "./__fixtures__/pickle-writer.js";
import { storedZip, type ZipRecord } from "./__fixtures__/stored-zip.js";
import { readPth } from "./open-pth.js";

const maximumBytes = 2 ** 16;
const seed = 20230203;

/** Reads a file that may be anything: it ends in tensors that fit, or in an error that was meant. */
async function survives(bytes: Uint8Array): Promise<"read" | "refused"> {
  try {
    const tensors = await readPth(bytes, { maximumBytes });
    const total = [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
    expect(total).toBeLessThanOrEqual(maximumBytes);
    return "read";
  } catch (error) {
    if (!BlockwiseError.isInstance(error)) throw error;
    return "refused";
  }
}

/** Runs a property over that many files, and says how many were read. */
async function check(files: fc.Arbitrary<Uint8Array>, numRuns: number): Promise<number> {
  let read = 0;
  await fc.assert(
    fc.asyncProperty(files, async (bytes) => {
      if ((await survives(bytes)) === "read") read += 1;
    }),
    { seed, numRuns },
  );
  return read;
}

function archiveOf(pickle: Uint8Array, more: readonly ZipRecord[] = []): Uint8Array {
  return storedZip([
    { name: "archive/data.pkl", data: pickle },
    { name: "archive/data/0", data: new Uint8Array(64) },
    ...more,
  ]);
}

const realFiles = await Promise.all(
  ["kinds", "views", "checkpoint", "protocol-4", "evil", "script", "one-tensor"].map(
    async (name) => new Uint8Array(await readFile(new URL(`__fixtures__/${name}.pth`, import.meta.url))),
  ),
);

/** Real files with bytes changed, cut out, repeated and cut off. */
const damagedFiles = fc
  .tuple(
    fc.constantFrom(...realFiles),
    fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 255 })), {
      maxLength: 12,
    }),
    fc.option(fc.tuple(fc.nat(5000), fc.nat(200), fc.boolean()), { freq: 4 }),
    fc.option(fc.nat(5000), { freq: 6 }),
  )
  .map(([file, changes, splice, end]) => {
    let bytes = file.slice();
    for (const [place, value] of changes) bytes[Math.floor(place * (bytes.length - 1))] = value;
    if (splice !== null) {
      const [start, length, twice] = splice;
      const cut = bytes.subarray(start, start + length);
      bytes = Uint8Array.from([
        ...bytes.subarray(0, start),
        ...(twice ? [...cut, ...cut] : []),
        ...bytes.subarray(start + length),
      ]);
    }
    return end === null ? bytes : bytes.subarray(0, end);
  });

const known = [
  ...Buffer.from(
    "\x80\x95NJKMGX}](])t\x85\x86\x87aeqrhjcRbQ.us\x88\x89\x8a\x8c\x8f\x90\x93\x94\x81",
    "latin1",
  ),
];
const names = [
  "ctorch._utils\n_rebuild_tensor_v2\n",
  "ctorch\nFloatStorage\n",
  "ccollections\nOrderedDict\n",
  "cos\nsystem\n",
];

/** Operation codes and numbers in any order, more of those that are known. */
const soup = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...known).map((code) => [code]) },
      { weight: 2, arbitrary: fc.constantFrom(...names).map((name) => [...Buffer.from(name)]) },
      { weight: 2, arbitrary: fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 5 }) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          [0x68, 0],
          [0x71, 0],
          [0x6a, 255, 255, 255, 255],
          [0x72, 255, 255, 255, 255],
        ),
      },
    ),
    { maxLength: 60 },
  )
  .map((parts) => archiveOf(Uint8Array.from([0x80, 2, ...parts.flat(), 0x2e])));

const size = fc.oneof(
  fc.nat(20),
  fc.constantFrom(-1, 2 ** 31, 2 ** 32, 2 ** 40, Number.MAX_SAFE_INTEGER, 0.5, Number.NaN),
  fc.constantFrom<PickleNode>(null, "4", true, { raw: [0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1] }),
);

/** Tensors whose places, sizes and storages are wrong more often than right. */
const wildTensors = fc
  .array(
    fc.record({
      key: fc.constantFrom<PickleNode>("0", "1", "../../etc/passwd", "", 0, "0\u0000"),
      type: fc.constantFrom(
        "torch.FloatStorage",
        "torch.BoolStorage",
        "torch.UntypedStorage",
        "torch.device",
      ),
      length: size,
      offset: size,
      shape: fc.array(size, { maxLength: 4 }),
      strides: fc.array(size, { maxLength: 4 }),
    }),
    { maxLength: 4 },
  )
  .map((tensors) =>
    archiveOf(pickled({ dict: tensors.map((tensor, index) => [`t${index}`, tensorNode(tensor)] as const) })),
  );

const word = fc.constantFrom(0, 1, 3, 64, 1000, 0xffff, 0x7fffffff, 0xfffffffe, 0xffffffff);

/** Archives whose directory lies. */
const wildArchives = fc
  .tuple(
    fc.array(
      fc.record(
        {
          name: fc.constantFrom(
            "a/data.pkl",
            "a/data/0",
            "data.pkl",
            "../data.pkl",
            "/data.pkl",
            "a\\data.pkl",
            "a/byteorder",
            "",
          ),
          data: fc.uint8Array({ maxLength: 40 }),
          claimedSize: word,
          method: fc.constantFrom(0, 8, 99),
          claimedOffset: word,
        },
        { requiredKeys: ["name", "data"] },
      ),
      { maxLength: 4 },
    ),
    fc.oneof(fc.nat(5), word),
  )
  .map(([records, count]) =>
    storedZip(
      [{ name: "archive/data.pkl", data: pickled({ dict: [["x", 1]] }) }, ...(records as ZipRecord[])],
      count,
    ),
  );

describe("hostile files", () => {
  it("5,000 damaged ones are read or refused", async () => {
    const read = await check(damagedFiles, 5000);
    // Neither all nor none: the damage reaches the reader, and is noticed.
    expect(read).toBeGreaterThan(100);
    expect(read).toBeLessThan(4900);
  });

  it("3,000 soups of operations are read or refused", async () => {
    await check(soup, 3000);
  });

  it("2,500 tensors of wild sizes are read or refused", async () => {
    expect(await check(wildTensors, 2500)).toBeGreaterThan(50);
  });

  it("1,500 lying archives are read or refused", async () => {
    await check(wildArchives, 1500);
  });
});

describe("hostile files, by their trick", () => {
  const refusal = async (pickle: Uint8Array): Promise<string> => {
    const error = await readPth(archiveOf(pickle)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MalformedFileError);
    return (error as Error).message;
  };
  const good = { key: "0", length: 16, offset: 0, shape: [2, 8], strides: [8, 1] };

  it("a tensor that ends beyond its storage", async () => {
    for (const wrong of [{ offset: 1 }, { shape: [3, 8] }, { strides: [9, 1] }, { offset: 2 ** 52 }])
      expect(await refusal(pickled(tensorNode({ ...good, ...wrong })))).toContain("reaches value");
    expect((await readPth(archiveOf(pickled(tensorNode(good))))).get("tensor")?.shape).toEqual([2, 8]);
  });

  it("a storage that is longer than its record, or missing, or of two kinds", async () => {
    expect(await refusal(pickled(tensorNode({ ...good, length: 17 })))).toContain("64 bytes");
    expect(await refusal(pickled(tensorNode({ ...good, key: "1" })))).toContain("missing");
    const twice = [tensorNode(good), tensorNode({ ...good, type: "torch.IntStorage" })];
    expect(await refusal(pickled(twice))).toContain("two ways");
  });

  it("lists that hold themselves, or one another many times over", async () => {
    // x = []; x.append(x)
    expect(await refusal(Uint8Array.from([0x80, 2, 0x5d, 0x71, 0, 0x68, 0, 0x61, 0x2e]))).toContain("nested");
    // x0 = []; x1 = (x0, x0); x2 = (x1, x1); …
    const doubling = Array.from({ length: 50 }, (_, level) => [
      0x68,
      level,
      0x68,
      level,
      0x86,
      0x71,
      level + 1,
    ]);
    const pickle = Uint8Array.from([0x80, 2, 0x5d, 0x71, 0, ...doubling.flat(), 0x2e]);
    expect(await refusal(pickle)).toMatch(/values left over|counted by name/);
    const kept = Uint8Array.from([0x80, 2, 0x28, ...pickle.subarray(2, -1), 0x74, 0x2e]);
    expect(await refusal(kept)).toContain("counted by name");
  });

  it("one long key in many names", async () => {
    const key = "k".repeat(2 ** 20);
    const tensors = Array.from({ length: 20 }, () => tensorNode(good));
    expect(await refusal(pickled({ dict: [[key, tensors]] }))).toContain("16 MB");
  });

  it("two tensors of one name", async () => {
    const nested: PickleNode = {
      dict: [
        ["a.b", tensorNode(good)],
        ["a", { dict: [["b", tensorNode(good)]] }],
      ],
    };
    expect(await refusal(pickled(nested))).toContain('"a.b"');
  });

  it("a text, or a number, that is longer than the file", async () => {
    expect(await refusal(Uint8Array.from([0x80, 2, 0x58, 255, 255, 255, 255, 0x2e]))).toContain("cut off");
    expect(await refusal(Uint8Array.from([0x80, 2, 0x8a, 255, 1, 0x2e]))).toContain("cut off");
  });

  it("values repeated without end from a few bytes", async () => {
    const repeated = pickled(tensorNode({ ...good, shape: [2 ** 20, 2 ** 20], strides: [0, 0] }));
    await expect(readPth(archiveOf(repeated))).rejects.toThrow(/maximumBytes/);
  });
});
