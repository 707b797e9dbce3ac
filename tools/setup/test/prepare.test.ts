import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

// The scripts are plain modules, since they run before anything is installed; hence the types here.
const load = (name: string): Promise<unknown> => import(new URL(`../${name}`, import.meta.url).href);
const { checkNodeVersion } = (await load("node-version.mjs")) as {
  checkNodeVersion(range: string, current: string): void;
};
const { buildInputs, buildOutputs, installInputs } = (await load("fingerprint.mjs")) as Record<
  "buildInputs" | "buildOutputs" | "installInputs",
  (root: string) => string
>;
const { readStamp, writeStamp } = (await load("stamp.mjs")) as {
  readStamp(path: string): unknown;
  writeStamp(path: string, stamp: object): void;
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "blockwise-setup-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

describe("checkNodeVersion", () => {
  it.each(["20.19.0", "20.20.2", "22.0.0", "26.10.0"])("accepts Node %s", (version) => {
    expect(() => checkNodeVersion(">=20.19", version)).not.toThrow();
  });

  it.each(["18.20.4", "20.18.3", "9.99.0"])("refuses Node %s and says what is needed", (version) => {
    expect(() => checkNodeVersion(">=20.19", version)).toThrow(
      `needs Node >=20.19, but this is Node ${version}`,
    );
  });
});

describe("fingerprints", () => {
  beforeEach(() => {
    for (const file of ["package.json", "pnpm-workspace.yaml", "pnpm-lock.yaml", "packages/a/package.json"]) {
      write(file, "{}");
    }
    write("packages/a/src/index.ts", "one");
    write("packages/a/src/index.test.ts", "one");
    write("packages/a/dist/index.js", "one");
  });

  it.each([
    ["pnpm-lock.yaml", [true, true, false]],
    ["pnpm-workspace.yaml", [true, false, false]],
    ["packages/a/package.json", [true, true, false]],
    ["packages/b/package.json", [true, true, false]],
    ["packages/a/src/index.ts", [false, true, false]],
    ["packages/a/src/deep/new.ts", [false, true, false]],
    ["packages/a/src/index.test.ts", [false, false, false]],
    ["packages/a/README.md", [false, false, false]],
    ["packages/a/dist/index.js", [false, false, true]],
    ["packages/a/node_modules/x/index.js", [false, false, false]],
  ])("of installation, build and its results, in this order: after a change of %s", (file, changed) => {
    const all = (): string[] => [installInputs(root), buildInputs(root), buildOutputs(root)];
    const before = all();
    expect(all()).toEqual(before);
    write(file, "changed");
    expect(all().map((fingerprint, index) => fingerprint !== before[index])).toEqual(changed);
  });

  it("notices that results are gone", () => {
    const before = buildOutputs(root);
    rmSync(join(root, "packages/a/dist"), { recursive: true });
    expect(buildOutputs(root)).not.toBe(before);
  });
});

describe("stamps", () => {
  it("are read as they were written, and broken ones count as none", () => {
    const path = join(root, "deep", "stamp.json");
    expect(readStamp(path)).toBeUndefined();
    writeStamp(path, { inputs: "a" });
    expect(readStamp(path)).toEqual({ inputs: "a" });
    writeFileSync(path, '{"inputs": "a');
    expect(readStamp(path)).toBeUndefined();
  });
});

describe("withLock", () => {
  const lockModule = new URL("../lock.mjs", import.meta.url).href;
  const worker = `
    import { withLock } from ${JSON.stringify(lockModule)};
    import { appendFileSync } from "node:fs";
    import { setTimeout as sleep } from "node:timers/promises";
    await withLock(process.argv[1], async () => {
      appendFileSync(process.argv[2], "<");
      await sleep(30);
      appendFileSync(process.argv[2], ">");
    });`;

  it("lets one process in at a time, and takes over from one that is gone", async () => {
    const lock = join(root, "deep", "lock");
    const log = join(root, "log");
    const gone = spawnSync(process.execPath, ["--version"]).pid;
    write("deep/lock", JSON.stringify({ pid: gone, host: hostname() }));
    const codes = await Promise.all(
      Array.from(
        { length: 4 },
        () =>
          new Promise((resolve) => {
            const args = ["--input-type=module", "--eval", worker, lock, log];
            spawn(process.execPath, args, { stdio: "ignore" }).on("close", resolve);
          }),
      ),
    );
    expect(codes).toEqual([0, 0, 0, 0]);
    expect(readFileSync(log, "utf8")).toBe("<><><><>");
    expect(existsSync(lock)).toBe(false);
  });

  it("is released when the work fails", async () => {
    const { withLock } = (await load("lock.mjs")) as {
      withLock(path: string, work: () => Promise<void>): Promise<void>;
    };
    const lock = join(root, "lock");
    await expect(withLock(lock, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(existsSync(lock)).toBe(false);
  });
});
