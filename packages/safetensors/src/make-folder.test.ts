import { mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeFolder } from "./make-folder.js";

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "blockwise-make-folder-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe("makeFolder", () => {
  it("makes a folder with those above it, and leaves one that is there as it is", async () => {
    const folder = await temporaryFolder();
    await makeFolder(join(folder, "a/b/c"));
    await writeFile(join(folder, "a/b/kept"), "");
    await makeFolder(join(folder, "a/b"));
    await makeFolder(`${join(folder, "a/d")}/../e/`);
    expect((await readdir(folder, { recursive: true })).sort()).toEqual([
      "a",
      "a/b",
      "a/b/c",
      "a/b/kept",
      "a/d",
      "a/e",
    ]);
  });

  it("makes the same folder for several at once", async () => {
    const folder = await temporaryFolder();
    await Promise.all(Array.from({ length: 20 }, () => makeFolder(join(folder, "a/b/c"))));
    expect(await readdir(join(folder, "a/b"))).toEqual(["c"]);
  });

  it("says why one cannot be made: a file, or a link that leads nowhere, is in its place", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "file"), "");
    await symlink("nothing", join(folder, "link"));
    for (const name of ["file", "file/a", "link", "link/a"])
      await expect(makeFolder(join(folder, name)), name).rejects.toThrow(/EEXIST|ENOTDIR|ENOENT/);
    await expect(makeFolder("")).rejects.toThrow(/ENOENT/);
  });

  it.runIf(process.platform === "linux")("ends where no folder can be made, as in /proc", async () => {
    await expect(makeFolder("/proc/blockwise/a")).rejects.toThrow(/ENOENT/);
  });
});
