import { describe, expect, it } from "vitest";
import { exampleResults } from "../__fixtures__/example-results.js";
import { renderReport } from "../render-report.js";
import type { ResultsV1 } from "../results-v1.js";

/** The example with such curves of its first run alone. */
function withCurves(lossCurve: NonNullable<NonNullable<ResultsV1["runs"][0]["train"]>["lossCurve"]>): string {
  const runs = exampleResults.runs.map((run, index) =>
    run.train === null ? run : { ...run, train: { ...run.train, lossCurve: index === 0 ? lossCurve : [] } },
  );
  return renderReport({ ...exampleResults, runs });
}

/** The rows of the losses' table: the text of each cell. */
function lossRows(page: string): string[][] {
  const table = /<caption>Loss,.*?<\/table>/s.exec(page)?.[0] ?? "";
  return [...table.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = ""]) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = ""]) => cell),
  );
}

describe("the loss by block", () => {
  it("shows blocks that learn one after the other over the steps of the whole run", () => {
    const page = withCurves([
      { block: "layer1", steps: [0, 1], loss: [9, 8] },
      { block: "layer2", steps: [2, 3], loss: [7, null] },
      { block: "layer3", steps: [4], loss: [5] },
    ]);
    expect(lossRows(page)).toEqual([
      ["Step", "layer1", "layer2", "layer3"],
      ["0", "9", "–", "–"],
      ["1", "8", "–", "–"],
      ["2", "–", "7", "–"],
      ["3", "–", "–", "–"],
      ["4", "–", "–", "5"],
    ]);
    expect(page).toContain("Local loss over 5 recorded steps, one line a block");
    expect(page).not.toMatch(/NaN|undefined/);
  });
});
