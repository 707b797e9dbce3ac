import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StorageError } from "@blockwise/spec";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readSafetensors, writeSafetensors } from "./files.js";
import { makeStorageError } from "./make-storage-error.js";
import { writeFileAtomically } from "./write-file-atomically.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "blockwise-safetensors-"));
});
afterEach(async () => {
  await chmod(folder, 0o700);
  await rm(folder, { recursive: true });
});

const content = {
  tensors: [["weight", { dtype: "F32", shape: [2], data: new Float32Array([1, -2]) }]] as const,
  metadata: { step: "3" },
};

describe("writeSafetensors and readSafetensors", () => {
  it("give back what was written, over what was there, and leave no other file", async () => {
    const path = join(folder, "model.safetensors");
    await writeFile(path, "old");
    await writeSafetensors(path, content);
    expect(await readSafetensors(path)).toEqual({
      tensors: new Map(content.tensors),
      metadata: content.metadata,
    });
    expect(await readdir(folder)).toEqual(["model.safetensors"]);
  });

  it("say what is missing", async () => {
    const reading = readSafetensors(join(folder, "none.safetensors"));
    await expect(reading).rejects.toThrow(/Cannot read .*none\.safetensors: there is no such file or folder/);
    await expect(reading).rejects.toMatchObject({ code: "BLOCKWISE_STORAGE", cause: { code: "ENOENT" } });
    await expect(writeSafetensors(join(folder, "none", "a"), content)).rejects.toThrow(/Cannot write/);
  });

  it("name a damaged file", async () => {
    const path = join(folder, "damaged.safetensors");
    await writeFile(path, "not a tensor");
    await expect(readSafetensors(path)).rejects.toMatchObject({ code: "BLOCKWISE_MALFORMED_FILE", path });
  });
});

describe("writeFileAtomically", () => {
  it("leaves the old content and no temporary file when the last step fails", async () => {
    const path = join(folder, "taken");
    await mkdir(join(path, "inside"), { recursive: true });
    const writing = writeFileAtomically(path, new Uint8Array(10));
    await expect(writing).rejects.toBeInstanceOf(StorageError);
    expect(await readdir(folder)).toEqual(["taken"]);
    expect(await readdir(path)).toEqual(["inside"]);
  });

  it("lets writers to one path race, and one of them win whole", async () => {
    const path = join(folder, "raced");
    const bytes = Array.from({ length: 8 }, (_, index) => new Uint8Array(1000).fill(index));
    await Promise.all(bytes.map((each) => writeFileAtomically(path, each)));
    const winner = await readFile(path);
    expect(winner).toEqual(Buffer.alloc(1000, winner[0]));
    expect(await readdir(folder)).toEqual(["raced"]);
  });

  it.each([
    ["ENOSPC", "the disk is full; free some space"],
    ["EACCES", "there is no permission; choose another place or change its permissions"],
    ["EIO", "EIO: the system's own words"],
  ])("says what %s means", (code, reason) => {
    const cause = Object.assign(new Error(`${code}: the system's own words`), { code });
    const error = makeStorageError("write", "run/a", cause);
    expect(error.message).toBe(`Cannot write run/a: ${reason}.`);
    expect(error.cause).toBe(cause);
  });
});
