import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { BlockwiseError, DataSourceError, MalformedFileError } from "@blockwise/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cifarRecords, idxOf, tarOf } from "../__fixtures__/archives.js";
import { temporaryFolder } from "../__fixtures__/temporary-folder.js";
import { unpackCifarRecords } from "./cifar-records.js";
import { parseIdx } from "./idx.js";
import { tarFiles } from "./tar-entries.js";

describe("parseIdx", () => {
  it("reads shape and values without copying", () => {
    const bytes = idxOf([2, 1, 3], Uint8Array.of(1, 2, 3, 4, 5, 6));
    const { shape, values } = parseIdx(bytes, 3, "x");
    expect(shape).toEqual([2, 1, 3]);
    expect([...values]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(values.buffer).toBe(bytes.buffer);
  });

  it.each([
    ["a header cut off", idxOf([1, 1, 1], Uint8Array.of(1)).subarray(0, 10)],
    ["values missing", idxOf([2, 2, 2], new Uint8Array(7))],
    ["values left over", idxOf([2, 2, 2], new Uint8Array(9))],
    ["another type", Buffer.from([0, 0, 13, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9])],
    ["another number of dimensions", idxOf([4], new Uint8Array(4))],
    ["no images", idxOf([0, 28, 28], new Uint8Array(0))],
    ["a shape beyond all memory", idxOf([2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], new Uint8Array(3))],
  ])("refuses %s", (_, bytes) => {
    expect(() => parseIdx(bytes, 3, "x")).toThrow(MalformedFileError);
  });

  it("takes or refuses any bytes, and never takes more than there is", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 1, max: 3 }), (tail, dimensions) => {
        const bytes = Uint8Array.of(0, 0, 8, dimensions, ...tail);
        try {
          const { shape, values } = parseIdx(bytes, dimensions, "x");
          expect(shape.reduce((a, b) => a * b, 1)).toBe(values.length);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedFileError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("unpackCifarRecords", () => {
  const layout = { labelBytes: 2, labelByte: 1, classCount: 100, path: "x" };
  const targetOf = (count: number) => ({
    pixels: new Uint8Array(count * 3072),
    labels: new Int32Array(count),
  });

  it("puts the planes' values side by side, and takes the label that was asked for", () => {
    const target = targetOf(3);
    const bytes = cifarRecords([
      [7, 99],
      [8, 42],
    ]);
    expect(unpackCifarRecords(bytes, layout, target, 1)).toBe(2);
    expect([...target.labels]).toEqual([0, 99, 42]);
    expect([...target.pixels.subarray(3072, 3078)]).toEqual([0, 10, 20, 0, 10, 20]);
    expect([...target.pixels.subarray(-3)]).toEqual([1, 11, 21]);
    expect(target.pixels.subarray(0, 3072).every((value) => value === 0)).toBe(true);
  });

  it("keeps rows from the top and columns from the left", () => {
    const record = cifarRecords([[0, 0]]);
    record[2 + 1024 + 32 + 5] = 200;
    const target = targetOf(1);
    unpackCifarRecords(record, layout, target, 0);
    expect(target.pixels.indexOf(200)).toBe(3 * (32 + 5) + 1);
  });

  it.each([
    ["a record cut off", cifarRecords([[0, 0]]).subarray(0, 3000)],
    ["no record", Buffer.alloc(0)],
    [
      "more records than there is room for",
      cifarRecords([
        [0, 0],
        [0, 0],
        [0, 0],
      ]),
    ],
    ["a label out of range", cifarRecords([[0, 100]])],
  ])("refuses %s", (_, bytes) => {
    expect(() => unpackCifarRecords(bytes, layout, targetOf(2), 0)).toThrow(MalformedFileError);
  });

  it("takes or refuses any bytes", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: -2, max: 2 }),
        fc.uint8Array({ minLength: 1, maxLength: 8 }),
        (records, excess, pattern) => {
          const length = Math.max(0, records * 3074 + excess);
          const bytes = Uint8Array.from({ length }, (_, place) => pattern[place % pattern.length] as number);
          try {
            expect(unpackCifarRecords(bytes, layout, targetOf(2), 0)).toBe(records);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedFileError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("tarFiles", () => {
  async function read(bytes: Uint8Array, name = "x.tar", maxFileBytes = 1000) {
    const path = join(await temporaryFolder(), name);
    await writeFile(path, bytes);
    const files: Record<string, string> = {};
    const folders: string[] = [];
    const ignored: string[] = [];
    for await (const file of tarFiles(path, {
      wants: (entry) => !entry.endsWith(".skip"),
      maxFileBytes,
      onFolder: (folder) => folders.push(folder),
      onIgnored: (reason, entry) => ignored.push(`${reason}: ${entry}`),
    })) {
      files[file.name] = file.bytes.toString();
    }
    return { files, folders, ignored };
  }

  it("reads the wanted files, packed by gzip or not", async () => {
    const archive = await tarOf([
      [{ name: "./a/", type: "directory" }],
      ["./a/1.txt", "one"],
      ["a/big.skip", "x".repeat(5000)],
      ["a//2.txt", ""],
      [`${"long/".repeat(40)}3.txt`, "three"],
    ]);
    const expected = {
      files: { "a/1.txt": "one", "a/2.txt": "", [`${"long/".repeat(40)}3.txt`]: "three" },
      folders: ["a"],
      ignored: [],
    };
    expect(await read(archive)).toEqual(expected);
    expect(await read(gzipSync(archive), "x.tar.gz")).toEqual(expected);
    expect(await read(gzipSync(archive), "x.TGZ")).toEqual(expected);
  });

  it("passes over links, special files and paths that lead out", async () => {
    const archive = await tarOf([
      ["/etc/a.txt", "x"],
      ["../a.txt", "x"],
      ["a/../../b.txt", "x"],
      ["..\\c.txt", "x"],
      ["C:\\d.txt", "x"],
      [{ name: "soft.txt", type: "symlink", linkname: "/etc/passwd" }],
      [{ name: "hard.txt", type: "link", linkname: "good.txt" }],
      [{ name: "pipe.txt", type: "fifo" }],
      ["good.txt", "good"],
    ]);
    const { files, ignored } = await read(archive);
    expect(files).toEqual({ "good.txt": "good" });
    expect(ignored).toEqual([
      "unsafe path: /etc/a.txt",
      "unsafe path: ../a.txt",
      "unsafe path: a/../../b.txt",
      "unsafe path: ..\\c.txt",
      "unsafe path: C:\\d.txt",
      "link: soft.txt",
      "link: hard.txt",
      "special file: pipe.txt",
    ]);
  });

  it("refuses a file beyond the limit before reading it", async () => {
    await expect(read(await tarOf([["a.txt", "x".repeat(1001)]]))).rejects.toThrow(/at most 1000 bytes/);
    const header = (await tarOf([["huge.txt", "x"]])).subarray(0, 512);
    header.write("77777777777 ", 124);
    header.write("        ", 148);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    await expect(read(Buffer.concat([header, Buffer.alloc(2048)]))).rejects.toThrow(/8589934591/);
  });

  it("knows an archive that was cut off, wherever", async () => {
    const archive = await tarOf([
      ["a.txt", "x".repeat(600)],
      ["b.txt", "y".repeat(600)],
    ]);
    // Headers at 0 and 1536, the end mark from 3072 on.
    for (const length of [0, 100, 512, 700, 1536, 1600, 2048, 2500, 3072, 3100]) {
      await expect(read(archive.subarray(0, length)), `${length}`).rejects.toThrow(MalformedFileError);
    }
    await expect(read(gzipSync(archive).subarray(0, -12), "x.tgz")).rejects.toThrow(MalformedFileError);
    await expect(read(archive, "x.tar.gz")).rejects.toThrow(MalformedFileError);
    expect(Object.keys((await read(archive)).files)).toEqual(["a.txt", "b.txt"]);
  });

  it("says when there is no such archive", async () => {
    const reading = async () => {
      for await (const _ of tarFiles("/no/such.tar", { wants: () => true, maxFileBytes: 1 })) expect.fail();
    };
    await expect(reading()).rejects.toThrow(DataSourceError);
  });

  it("reads or refuses any bytes, and damaged archives", async () => {
    const archive = await tarOf([
      ["a.txt", "x".repeat(600)],
      [{ name: `${"n".repeat(200)}.txt`, pax: { path: "pax.txt" } }, "y"],
    ]);
    const damaged = fc
      .array(fc.tuple(fc.nat(archive.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
      .map((changes) => {
        const copy = Buffer.from(archive);
        for (const [place, value] of changes) copy[place] = value;
        return copy;
      });
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 3000 }), damaged), async (bytes) => {
        try {
          await read(bytes);
        } catch (error) {
          expect(BlockwiseError.isInstance(error), String(error)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });
});
