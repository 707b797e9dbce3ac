import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { expandSweep } from "./expand-sweep.js";
import { readSweepFile } from "./sweep-file.js";

const folder = new URL("../../sweeps/", import.meta.url);
const files = await readdir(folder);

describe("the sweeps that come with the app", () => {
  it("cover the paper's studies", () => {
    expect(files).toEqual(
      expect.arrayContaining(["losses.json", "heads.json", "noise.json", "blocks.json", "timetables.json"]),
    );
  });

  it.each(files)("%s is a sweep whose rows are all configurations", async (file) => {
    const sweep = await readSweepFile(fileURLToPath(new URL(file, folder)));
    const { rows } = expandSweep(sweep, {});
    expect(rows.length).toBeGreaterThan(2);
    for (const { networks } of rows) expect(networks).toHaveLength(sweep.seeds.length);
  });
});
