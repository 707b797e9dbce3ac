import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DataSourceError, MalformedFileError } from "@blockwise/spec";
import { describe, expect, it } from "vitest";
import { tarOf } from "../__fixtures__/archives.js";
import { temporaryFolder } from "../__fixtures__/temporary-folder.js";
import { tarFiles } from "./tar-entries.js";
import { indexTar } from "./tar-index.js";

async function archive(bytes: Uint8Array, name = "shard.tar"): Promise<string> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, bytes);
  return path;
}

describe("indexTar", () => {
  it("finds what reading the archive finds: long names, folders, other writers' sizes", async () => {
    const long = `${"folder/".repeat(30)}photograph.jpg`;
    const unicode = "käfig/löwe-🦁.jpg";
    const bytes = await tarOf([
      [{ name: "folder", type: "directory" }],
      ["000.cls", "7"],
      ["000.jpg", Buffer.alloc(5000, 1)],
      [long, Buffer.alloc(3, 2)],
      [unicode, Buffer.alloc(513, 3)],
      [{ name: "extended.jpg", pax: { comment: "long ".repeat(2000) } }, "extended"],
      ["empty.jpg", ""],
    ]);
    const path = await archive(bytes);
    const read: string[] = [];
    const { members, folders, stamp } = await indexTar(path, async (member, readMember) => {
      if (member.name.endsWith(".cls")) read.push((await readMember(member)).toString());
    });
    const expected = [];
    for await (const { name, bytes: contents } of tarFiles(path, { wants: () => true, maxFileBytes: 1e6 })) {
      expected.push({ name, contents });
    }
    expect(
      members.map(({ name, offset, size }) => ({ name, contents: bytes.subarray(offset, offset + size) })),
    ).toEqual(expected);
    expect(members.map(({ name }) => name)).toContain(long);
    expect(members.map(({ name }) => name)).toContain(unicode);
    expect(folders).toEqual(["folder"]);
    expect(read).toEqual(["7"]);
    expect(stamp[0]).toBe(bytes.length);
  });

  it("reads GNU's long names and large numbers", async () => {
    const long = `${"n".repeat(120)}.jpg`;
    const name = await tarOf([[{ name: "././@LongLink" }, `${long}\0`]]);
    const file = await tarOf([[{ name: "short.jpg" }, "pixels"]]);
    name[156] = "L".charCodeAt(0);
    // A size in base 256, as GNU writes those of 8 GiB and more.
    file.fill(0, 124, 136);
    file[124] = 0x80;
    file[135] = 6;
    const path = await archive(Buffer.concat([resum(name).subarray(0, 1024), resum(file)]));
    const { members } = await indexTar(path);
    expect(members).toEqual([{ name: long, offset: 1024 + 512, size: 6 }]);
  });

  it("leaves out links, special files and paths that lead out of the archive", async () => {
    const bytes = await tarOf([
      ["../../outside.jpg", "1"],
      ["/absolute.jpg", "2"],
      ["inside/../../outside.jpg", "3"],
      [{ name: "link.jpg", type: "symlink", linkname: "/etc/passwd" }],
      [{ name: "hard.jpg", type: "link", linkname: "good.jpg" }],
      [{ name: "pipe.jpg", type: "fifo" }],
      ["./good.jpg", "4"],
    ]);
    expect((await indexTar(await archive(bytes))).members.map(({ name }) => name)).toEqual(["good.jpg"]);
  });

  it("refuses archives that are cut off, damaged, compressed or of something else, by name", async () => {
    const whole = await tarOf([
      ["1.jpg", Buffer.alloc(2000, 1)],
      ["2.jpg", Buffer.alloc(2000, 2)],
    ]);
    const damaged = Buffer.from(whole);
    damaged[2560 + 3] = 0x41;
    const endless = Buffer.from(whole);
    endless.write("77777777777\0", 124);
    const cases: [string, Uint8Array, RegExp][] = [
      ["inside a file", whole.subarray(0, 1500), /"1.jpg" goes on beyond its end/],
      ["between files", whole.subarray(0, 2560), /no end mark/],
      ["damaged", damaged, /wrong sum/],
      ["too large", resum(endless), /"1.jpg" goes on beyond its end/],
      ["compressed", gzipSync(whole), /no end mark|wrong sum/],
      ["empty", Buffer.alloc(0), /no end mark/],
      ["text", Buffer.alloc(2048, "text "), /wrong sum/],
    ];
    for (const [name, bytes, message] of cases) {
      const path = await archive(bytes, `${name}.tar`);
      const error = await indexTar(path).catch((thrown: unknown) => thrown);
      expect(error, name).toBeInstanceOf(MalformedFileError);
      expect(String(error), name).toMatch(message);
      expect(String(error), name).toContain(path);
    }
    const sizeless = Buffer.from(whole);
    sizeless[124] = 0xc0;
    const path = await archive(resum(sizeless), "no size.tar");
    const wants = { wants: () => true, maxFileBytes: 1e6 };
    await expect(indexTar(path)).rejects.toThrow(MalformedFileError);
    await expect(tarFiles(path, wants).next()).rejects.toThrow(/no valid size/);
    const backwards = await tarOf([[{ name: "1.jpg", pax: { size: "-1536" } }, "x"]]);
    await expect(indexTar(await archive(backwards))).rejects.toThrow(/no whole number/);
    await expect(indexTar(join(await temporaryFolder(), "none.tar"))).rejects.toThrow(DataSourceError);
  });
});

/** Puts the right sum into the first header again. */
function resum(tar: Buffer): Buffer {
  tar.fill(" ", 148, 156);
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return tar;
}
