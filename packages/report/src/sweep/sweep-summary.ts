import type { SweepControlV1, SweepResultsV1, SweepRowV1, SweepRunV1 } from "./sweep-results-v1.js";

/** What a control is called where people read it. */
export const controlLabels: Readonly<Record<SweepControlV1, string>> = {
  "end-to-end": "end to end",
  random: "random weights",
};

/** The controls that any row has, in the order of `controlLabels`. */
export function controlNames({ rows }: SweepResultsV1): readonly SweepControlV1[] {
  const names = Object.keys(controlLabels) as SweepControlV1[];
  return names.filter((name) => rows.some(({ controls }) => controls[name] !== undefined));
}

/** All depths, from first to last, that any run was probed at. */
export function depthNames({ rows }: SweepResultsV1): readonly string[] {
  const runs = rows.flatMap((row) => [...row.runs, ...controlRuns(row)]);
  return [...new Set(runs.flatMap(({ blocks }) => blocks.map(({ block }) => block)))];
}

function controlRuns({ controls }: SweepRowV1): readonly SweepRunV1[] {
  return Object.values(controls).flatMap((runs) => runs ?? []);
}

/** A control that is the same for all rows, once; null where rows differ in it or lack it. */
export function commonControl({ rows }: SweepResultsV1, name: SweepControlV1): readonly SweepRunV1[] | null {
  const folders = rows.map(({ controls }) => controls[name]?.map(({ folder }) => folder).join("\n"));
  if (folders[0] === undefined || new Set(folders).size > 1) return null;
  return rows[0]?.controls[name] ?? null;
}
