import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BlockwiseError } from "@blockwise/spec";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { temporaryFolder } from "../__fixtures__/temporary-folder.js";
import { openImageTar } from "../images/image-tar.js";
import { openShards } from "./open-shards.js";
import { recordShard } from "./shard-record.js";

const seed = 20230203;
const block = 512;
/** The most that is read of a member or of a header's extension, in bytes. */
const mostReadAtOnce = 2 ** 20;

/** A header that may lie about everything. */
interface WildHeader {
  readonly name: Uint8Array;
  readonly prefix: string;
  readonly type: string;
  /** The field as it stands there. */
  readonly size: Uint8Array;
  /** What is added to the sum. */
  readonly sumError: number;
  readonly contents: Uint8Array;
  readonly link: string;
}

function headerBlock(header: WildHeader): Buffer {
  const bytes = Buffer.alloc(block);
  bytes.set(header.name.subarray(0, 100), 0);
  bytes.write("0000644\0", 100);
  bytes.set(header.size.subarray(0, 12), 124);
  bytes.write("00000000000\0", 136);
  bytes.write(header.type, 156, "latin1");
  bytes.write(header.link.slice(0, 100), 157);
  bytes.write("ustar\0" + "00", 257);
  bytes.write(header.prefix.slice(0, 155), 345);
  bytes.fill(" ", 148, 156);
  const sum = bytes.reduce((total, byte) => total + byte, 0) + header.sumError;
  bytes.write(`${Math.max(0, sum).toString(8).padStart(6, "0")}\0 `, 148);
  return bytes;
}

function tarOf(headers: readonly WildHeader[], end = true): Buffer {
  const parts = headers.flatMap((header) => {
    const padding = (block - (header.contents.length % block)) % block;
    return [headerBlock(header), header.contents, Buffer.alloc(padding)];
  });
  return Buffer.concat([...parts, Buffer.alloc(end ? 2 * block : 0)]);
}

const latin = (text: string): Uint8Array => Buffer.from(text, "latin1");
const octal = (size: number): Uint8Array => latin(`${size.toString(8).padStart(11, "0")}\0`);

const names = fc
  .oneof(
    fc.constantFrom(
      ...[
        "1.png",
        "2.png",
        "1.cls",
        "2.json",
        "a/1.jpg",
        "train/b/2.webp",
        "a/../../canary/x.png",
        ".hidden.png",
      ],
      ...[
        "../canary/x.png",
        "/canary/x.png",
        "C:\\canary\\x.png",
        "..\\canary\\x.png",
        "\\\\host\\share\\x.png",
      ],
      ...[
        "a/./b//c.png",
        "..",
        ".",
        "/",
        "",
        "a\0../../x.png",
        "con.png",
        "nul",
        "\u202egnp.png",
        "__proto__/x.png",
      ],
      ...["constructor.cls", "constructor.png", "._1.png", `${"d/".repeat(49)}x`, "x".repeat(100)],
    ),
    fc.string({ maxLength: 30 }),
  )
  .map((name): Uint8Array => Buffer.from(name));

const sizes = fc.oneof(
  { weight: 6, arbitrary: fc.constant(null) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(
        ...[
          "77777777777\0",
          "99999999999\0",
          "-0000000001\0",
          "           \0",
          "\0\0\0\0\0\0\0\0\0\0\0\0",
          "0x10        ",
        ],
        ...["1e3\0\0\0\0\0\0\0\0\0", "7 7 7 7 7 7 ", "00000001000\0", "777777777777"],
      )
      .map(latin),
  },
  {
    weight: 2,
    // GNU's numbers in base 256, negative ones too.
    arbitrary: fc
      .tuple(
        fc.constantFrom(0x80, 0x81, 0xbf, 0xc0, 0xff),
        fc.uint8Array({ minLength: 11, maxLength: 11 }),
        fc.nat(11),
      )
      .map(([first, rest, zeros]) => Uint8Array.from([first, ...rest.fill(0, 0, zeros)])),
  },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 12, maxLength: 12 }) },
);

const paxValue = fc.constantFrom(
  ...[
    "1.png",
    "../../canary/x.png",
    "/canary/x.png",
    "NaN",
    "-512",
    "-1536",
    "-2048",
    "-1",
    "1e999",
    "9007199254740993",
    "0",
    "5",
    "0x10",
    "",
  ],
  ...["a\0b.png", "x".repeat(3000), "1\nsize=7"],
);
const paxKey = fc.constantFrom(
  ...[
    "path",
    "path",
    "size",
    "linkpath",
    "GNU.sparse.map",
    "GNU.sparse.realsize",
    "__proto__",
    "constructor",
    "",
  ],
);

/** Records of an extended header, whose lengths are right more often than wrong. */
const paxRecords = fc
  .array(fc.tuple(paxKey, paxValue, fc.constantFrom(0, 0, 0, 0, 1, -1, 1e6, -1e6)), { maxLength: 4 })
  .map((records) =>
    Buffer.concat(
      records.map(([key, value, error]) => {
        const rest = Buffer.from(` ${key}=${value}\n`);
        const digits = String(rest.length + 2).length;
        return Buffer.concat([latin(String(rest.length + digits + error)), rest]);
      }),
    ),
  );

const contents = fc.oneof(
  fc
    .constantFrom("", "3", "cat", '{"label":1}', '{"__proto__":{"label":1}}', "{", `[${"[".repeat(5000)}`)
    .map(latin),
  fc.uint8Array({ maxLength: 700 }),
);

const headers = fc
  .tuple(
    names,
    fc.constantFrom("", "", "", "..", "/canary", "a/..", "p"),
    // Files, links, devices, folders, extensions, sparse files, volumes, what nobody knows.
    fc.constantFrom(..."00000000012345567xxgLKSVMDNAZ\xff"),
    sizes,
    fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1, -1, 256),
    contents,
    paxRecords,
  )
  .map(([name, prefix, type, size, sumError, own, records]): WildHeader => {
    const inside = /[xg]/.test(type) ? records : own;
    return {
      name,
      prefix,
      type,
      size: size ?? octal(inside.length),
      sumError,
      contents: inside,
      link: "../canary/x",
    };
  });

const archives = fc
  .tuple(fc.array(headers, { maxLength: 5 }), fc.boolean(), fc.option(fc.nat(6000), { freq: 5 }))
  .map(([list, end, cut]) => {
    const bytes = tarOf(list, end || list.length < 3);
    return cut === null ? bytes : bytes.subarray(0, cut);
  });

const good: WildHeader = {
  name: Buffer.from("a/1.png"),
  prefix: "",
  type: "0",
  size: octal(3),
  sumError: 0,
  contents: latin("img"),
  link: "",
};
const wellFormed = tarOf([
  good,
  { ...good, name: Buffer.from("a/1.cls"), contents: latin("cat") },
  { ...good, type: "x", size: octal(21), contents: latin("21 path=b/longer.png\n") },
  good,
  { ...good, name: Buffer.from("b"), type: "5", size: octal(0), contents: latin("") },
]);

/** A good archive with bytes changed, parts taken out and its end cut off. */
const damaged = fc
  .tuple(
    fc.array(fc.tuple(fc.nat(wellFormed.length - 1), fc.nat(255)), { maxLength: 3 }),
    fc.option(fc.tuple(fc.nat(wellFormed.length), fc.nat(600)), { freq: 2 }),
    fc.option(fc.nat(wellFormed.length), { freq: 4 }),
  )
  .map(([changes, splice, cut]) => {
    const bytes = Buffer.from(wellFormed);
    for (const [place, value] of changes) bytes[place] = value;
    const [start, length] = splice ?? [0, 0];
    const rest = Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + length)]);
    return cut === null ? rest : rest.subarray(0, cut);
  });

/** What is wanted of each archive: how many were read. */
async function check(
  archivesOfKind: fc.Arbitrary<Buffer>,
  numRuns: number,
  read: (path: string, bytes: Buffer) => Promise<void>,
): Promise<number> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "canary"));
  await mkdir(join(folder, "shards"));
  await writeFile(join(folder, "canary", "x.png"), "canary");
  const path = join(folder, "shards", "0.tar");
  const allocated = vi.spyOn(Buffer, "alloc");
  let count = 0;
  try {
    await fc.assert(
      fc.asyncProperty(archivesOfKind, async (bytes) => {
        await writeFile(path, bytes);
        allocated.mockClear();
        try {
          await read(path, bytes);
          count += 1;
        } catch (error) {
          if (!BlockwiseError.isInstance(error)) throw error;
        }
        for (const [size] of allocated.mock.calls)
          expect(size).toBeLessThanOrEqual(Math.max(8 * block, Math.min(bytes.length, mostReadAtOnce)));
      }),
      { seed, numRuns },
    );
  } finally {
    allocated.mockRestore();
  }
  // Nothing was unpacked, nor changed.
  expect((await readdir(folder, { recursive: true })).sort()).toEqual([
    ...["canary", "canary/x.png", "shards", "shards/0.tar"],
  ]);
  expect(await readFile(join(folder, "canary", "x.png"), "utf8")).toBe("canary");
  return count;
}

async function listed(path: string, bytes: Buffer): Promise<void> {
  const { names: found, offsets, lengths, labels, folders } = await recordShard(path);
  for (const name of [...found, ...folders]) {
    expect(name).not.toMatch(/^[/\\]|^[a-z]:|\0|\\/i);
    expect(name.split("/")).not.toContain("..");
  }
  for (const [place, offset] of offsets.entries()) {
    expect(offset).toBeGreaterThanOrEqual(block);
    expect(lengths[place]).toBeGreaterThanOrEqual(0);
    expect(offset + (lengths[place] ?? Number.NaN)).toBeLessThanOrEqual(bytes.length);
  }
  expect(labels).toHaveLength(found.length);
}

describe("hostile shards", () => {
  it("2,000 archives of wild headers are listed or refused", async () => {
    const read = await check(archives, 2000, listed);
    expect(read).toBeGreaterThan(100);
    expect(read).toBeLessThan(1900);
  });

  it("1,500 damaged archives are listed or refused", async () => {
    const read = await check(damaged, 1500, listed);
    expect(read).toBeGreaterThan(100);
    expect(read).toBeLessThan(1400);
  });

  it("300 of them are opened as data sets, or refused", async () => {
    await check(fc.oneof(archives, damaged), 300, async (path) => {
      const { train } = await openShards(path, { indexFolder: null });
      await train.image(0).catch((error: unknown) => {
        if (!BlockwiseError.isInstance(error)) throw error;
      });
    });
  });

  it("300 of them are decoded as a whole, or refused", async () => {
    await check(fc.oneof(archives, damaged), 300, async (path) => {
      await openImageTar(path, { onCorrupt: "skip" });
    });
  });
});
