import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { InvalidOptionError, StorageError } from "@blockwise/spec";
import { describe, expect, it, onTestFinished } from "vitest";
import { lockFile, lockRun, refuseIfHeld } from "./run-lock.js";
import { thisProcess } from "./running-process.js";

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "blockwise-lock-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function folderLockedBy(holder: object): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(lockFile(folder), JSON.stringify({ ...thisProcess(), since: "then", ...holder }));
  return folder;
}

/** A process number that no living process has: beyond the largest that Linux gives. */
const ended = 4_194_305;

describe("the lock of a run", () => {
  it("is held until it is given back", async () => {
    const folder = await temporaryFolder();
    const lock = await lockRun(folder);
    await expect(lockRun(folder)).rejects.toThrow(InvalidOptionError);
    await expect(refuseIfHeld(folder)).rejects.toThrow(
      `Process ${process.pid} on ${hostname()} has trained it`,
    );
    lock.release();
    expect(await readdir(folder)).toEqual([]);
    (await lockRun(folder)).release();
  });

  it("is had by one of many that ask at once, also for one that was left behind", async () => {
    for (const folder of [await temporaryFolder(), await folderLockedBy({ pid: ended })]) {
      const asked = await Promise.allSettled(Array.from({ length: 20 }, () => lockRun(folder)));
      expect(asked.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      expect(await readdir(folder)).toEqual([".lock"]);
      for (const one of asked) if (one.status === "fulfilled") one.value.release();
    }
  });

  it.each([
    ["ended", { pid: ended }],
    ["has no number", { pid: -1 }],
  ])("is taken over where its process %s", async (_, holder) => {
    (await lockRun(await folderLockedBy(holder))).release();
  });

  it("is taken over where it says nothing", async () => {
    const folder = await temporaryFolder();
    await writeFile(lockFile(folder), "");
    (await lockRun(folder)).release();
  });

  it.runIf(process.platform === "linux")(
    "is taken over from an earlier process of the same number",
    async () => {
      (await lockRun(await folderLockedBy({ start: "1 another-boot" }))).release();
    },
  );

  it.runIf(process.platform === "linux")("is taken over from a process that nobody waited for", async () => {
    // The shell becomes a program that waits for no child.
    const parent = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 60"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    onTestFinished(() => void parent.kill());
    const [line] = await once(parent.stdout, "data");
    const folder = await folderLockedBy({ pid: Number(line), start: null });
    await expect.poll(() => refuseIfHeld(folder).catch(() => null)).toContain(String(line).trim());
  });

  it("is not taken from a process of another machine, of which it says what to do", async () => {
    const folder = await folderLockedBy({ pid: ended, host: "elsewhere" });
    await expect(lockRun(folder)).rejects.toThrow(`remove ${lockFile(folder)}`);
  });

  it("that is another's by now is left to it", async () => {
    const folder = await temporaryFolder();
    const lock = await lockRun(folder);
    await writeFile(lockFile(folder), "another's");
    lock.release();
    expect(await readFile(lockFile(folder), "utf8")).toBe("another's");
  });

  it("that cannot be taken is a storage error", async () => {
    const folder = await temporaryFolder();
    await mkdir(lockFile(folder));
    await expect(lockRun(folder)).rejects.toThrow(StorageError);
    await expect(lockRun(join(folder, "gone"))).rejects.toThrow(StorageError);
  });
});
