import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../__fixtures__/temporary-folder.js";
import { findRuns } from "./find-runs.js";

const folder = temporaryFolder();

function makeRun(...path: string[]): void {
  const run = join(folder, ...path);
  mkdirSync(run, { recursive: true });
  writeFileSync(join(run, "config.json"), "{}");
}

describe("findRuns", () => {
  it("finds none in a folder that is empty or not there", async () => {
    expect(await findRuns(join(folder, "later"))).toEqual({ isOne: false, runs: [] });
  });

  it("finds the one that a folder is", async () => {
    makeRun("one");
    makeRun("one", "checkpoints", "no-run");
    const { isOne, runs } = await findRuns(join(folder, "one"));
    expect(isOne).toBe(true);
    expect(runs).toMatchObject([{ name: "one", folder: join(folder, "one") }]);
  });

  it("finds those of an experiment and of a sweep by name, and follows no link", async () => {
    makeRun("several", "end-to-end");
    makeRun("several", "blockwise");
    makeRun("several", "runs", "row-1", "seed-0");
    makeRun("elsewhere");
    symlinkSync(join(folder, "elsewhere"), join(folder, "several", "link"));
    mkdirSync(join(folder, "several", ".hidden"));
    const { isOne, runs } = await findRuns(join(folder, "several"));
    expect(isOne).toBe(false);
    expect(runs.map(({ name }) => name)).toEqual(["blockwise", "end-to-end", "runs/row-1/seed-0"]);
    expect(new Set(runs.map(({ id }) => id)).size).toBe(3);
    for (const { id } of runs) expect(id).toMatch(/^[0-9a-f]{16}$/);
    expect(basename(runs[2]?.folder ?? "")).toBe("seed-0");
  });
});
