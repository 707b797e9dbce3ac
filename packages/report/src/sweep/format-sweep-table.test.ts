import { InvalidOptionError } from "@blockwise/spec";
import { expect, it } from "vitest";
import { exampleSweep } from "../__fixtures__/example-sweep.js";
import { formatSweepTable } from "./format-sweep-table.js";

it("has every row with its controls beside it, mean and spread over the seeds", () => {
  const [probe] = formatSweepTable(exampleSweep).split("\n\n").slice(1);
  expect(probe?.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
    ["Linear probe, pooled features (top-1, %)"],
    ["", "stage1", "stage2", "end to end, stage2", "random weights, stage2"],
    ["Barlow Twins", "61.0 ± 1.4", "70.5 ± 0.7", "73.5 ± 0.7", "41.0 ± 0.0"],
    ["<b>SimCLR</b>", "50.0 ± 0.0", "60.0 ± 0.0", "72.0 ± 0.0", "41.0 ± 0.0"],
    ["raw pixels", "81.5 ± 0.7"],
  ]);
});

it("shows a dash where a run has no scores", () => {
  const [row] = exampleSweep.rows;
  if (row === undefined) throw new Error("The example has no row.");
  const rows = [{ ...row, runs: row.runs.map((run) => ({ ...run, blocks: [] })) }];
  expect(formatSweepTable({ ...exampleSweep, rows })).toMatch(/Barlow Twins +– +– +73.5 ± 0.7/);
});

it("refuses results of another schema", () => {
  const later = { ...exampleSweep, schema: 2 } as unknown as typeof exampleSweep;
  expect(() => formatSweepTable(later)).toThrow(InvalidOptionError);
});
