import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve, sep } from "node:path";
import { writeFileAtomically } from "@blockwise/safetensors";
import { BlockwiseError, InvalidOptionError } from "@blockwise/spec";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { writeModelFolder } from "../weights/write-model-folder.js";
import { requireFreeFolder, requireOutputFile } from "./output-file.js";

const model = Buffer.from("model");
const files = new Map([
  ["group1-shard1of1.bin", model],
  ["model.json", model],
]);

/** Files that are there before, each with its own path in it, and links. */
const canaries = ["canary/x.onnx", "canary/model.json", "work/there.onnx", "work/full/a.txt"];
const links = {
  "work/link.onnx": "../canary/x.onnx",
  "work/link": "../canary",
  "work/dangling": "../canary/nothing",
  "work/loop.onnx": "loop.onnx",
};

let root: string;
async function fill(): Promise<void> {
  root = await mkdtemp(join(tmpdir(), "blockwise-outputs-"));
  for (const folder of ["canary", "work/full", "work/empty", "work/folder.onnx"])
    await mkdir(join(root, folder), { recursive: true });
  for (const canary of canaries) await writeFile(join(root, canary), canary);
  for (const [link, target] of Object.entries(links)) await symlink(target, join(root, link));
}
const clear = (): Promise<void> => rm(root, { recursive: true, force: true });

const parts = [
  ...[
    "..",
    ".",
    "",
    "full",
    "empty",
    "link",
    "link.onnx",
    "dangling",
    "there.onnx",
    "folder.onnx",
    "loop.onnx",
  ],
  ...[
    "x.onnx",
    "y",
    "a\0b.onnx",
    "\0",
    "con.onnx",
    "NUL",
    "x\n.onnx",
    "\u202exnno.onnx",
    "..\\canary\\x.onnx",
  ],
  ...["%2e%2e", "~", "$HOME", "-rf", "__proto__", "model.json", `${"l".repeat(300)}.onnx`, ".onnx"],
];
/** Paths from the folder `work`, all of one part and a fifth of those of two, that stay in the test's own. */
const pairs = parts.flatMap((first) => parts.map((second) => `${first}/${second}`));
const paths = [...parts, ...pairs.filter((path, place) => place % 5 === 0 && path !== "../..")];

/** What files hold by their paths; links are `-> target`. */
async function contents(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) found.set(path, await readFile(path, "utf8"));
    if (entry.isSymbolicLink()) found.set(path, "a link");
  }
  return found;
}

/** Writes to each path: only what was named, or is in the folder that was, changes; and nothing where it is refused. */
async function check(write: (out: string) => Promise<void>): Promise<number> {
  let written = 0;
  for (const path of paths) {
    const out = `${join(root, "work")}/${path}`;
    const before = await contents();
    // Folders on the way may be links; what is named itself is not followed.
    const above = await realpath(dirname(resolve(out))).catch(() => dirname(resolve(out)));
    const place = join(above, basename(resolve(out)));
    const outcome = await write(out).catch((error: unknown) => error);
    if (outcome !== undefined && !BlockwiseError.isInstance(outcome)) throw outcome;
    const after = await contents();
    const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
      (name) => before.get(name) !== after.get(name),
    );
    if (outcome !== undefined) expect(changed, path).toEqual([]);
    for (const name of changed) expect(name === place || name.startsWith(`${place}${sep}`), path).toBe(true);
    // What comes into a folder comes over nothing else.
    for (const name of before.keys())
      expect(name.startsWith(`${place}${sep}`) && outcome === undefined, path).toBe(false);
    if (outcome !== undefined) continue;
    written += 1;
    await clear();
    await fill();
  }
  return written;
}

describe("hostile output paths", () => {
  beforeEach(fill);
  afterEach(clear);

  it.each([true, false])("of files are written as named, or refused (force: %s)", async (force) => {
    const written = await check(async (out) => {
      await requireOutputFile(out, [".onnx", ".safetensors"], { force });
      await writeFileAtomically(out, model);
    });
    expect(written).toBeGreaterThan(force ? 20 : 10);
    expect(written).toBeLessThan(paths.length / 2);
  });

  it("of folders are written as named, or refused", async () => {
    const written = await check(async (out) => {
      await requireFreeFolder(out, { force: false });
      await writeModelFolder(out, files);
    });
    expect(written).toBeGreaterThan(20);
    expect(written).toBeLessThan(paths.length - 20);
  });
});

describe("an output path", () => {
  beforeEach(fill);
  afterEach(clear);

  it("that is a link is replaced, and what it leads to stays as it is", async () => {
    const out = join(root, "work/link.onnx");
    expect(await requireOutputFile(out, [".onnx"], { force: true })).toBe(".onnx");
    await writeFileAtomically(out, model);
    expect(await readFile(out, "utf8")).toBe("model");
    expect(await readFile(join(root, "canary/x.onnx"), "utf8")).toBe("canary/x.onnx");
  });

  it("is refused before the work where nothing can be written to it", async () => {
    const long = "l".repeat(300);
    for (const name of ["folder.onnx", "a\0.onnx", `${long}.onnx`, "there.onnx/x.onnx", "gone/x.onnx"])
      await expect(
        requireOutputFile(join(root, "work", name), [".onnx"], { force: true }),
        name,
      ).rejects.toThrow(InvalidOptionError);
    for (const name of ["full", "link", "dangling", "there.onnx", "a\0", "there.onnx/x", long])
      await expect(requireFreeFolder(join(root, "work", name), { force: false }), name).rejects.toThrow(
        InvalidOptionError,
      );
    await requireFreeFolder(join(root, "work/empty"), { force: false });
  });

  it("where something is takes force, which leaves what is no file or folder", async () => {
    for (const name of ["there.onnx", "link.onnx", "loop.onnx"]) {
      const out = join(root, "work", name);
      await expect(requireOutputFile(out, [".onnx"], { force: false }), name).rejects.toThrow(/--force/);
      expect(await requireOutputFile(out, [".onnx"], { force: true })).toBe(".onnx");
    }
    const full = join(root, "work/full");
    await expect(requireFreeFolder(full, { force: false })).rejects.toThrow(/--force/);
    await requireFreeFolder(full, { force: true });
    for (const name of ["there.onnx", "dangling"])
      await expect(requireFreeFolder(join(root, "work", name), { force: true })).rejects.toThrow(/no folder/);
  });

  it("is no device of Windows there", async () => {
    const platform = vi.spyOn(process, "platform", "get").mockReturnValue("win32");
    try {
      for (const name of ["con.onnx", "NUL.onnx", "com1.onnx"])
        await expect(
          requireOutputFile(join(root, "work", name), [".onnx"], { force: true }),
          name,
        ).rejects.toThrow(/device/);
      expect(await requireOutputFile(join(root, "work/console.onnx"), [".onnx"], { force: true })).toBe(
        ".onnx",
      );
    } finally {
      platform.mockRestore();
    }
  });
});
