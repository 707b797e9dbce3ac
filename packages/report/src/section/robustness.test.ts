import { describe, expect, it } from "vitest";
import { exampleResults } from "../__fixtures__/example-results.js";
import type { ResultsV1 } from "../results-v1.js";
import { corruptionsSection } from "./corruptions.js";
import { similaritySection } from "./similarity.js";

/** The cells of a section's rows, row by row. */
function rowsOf(markup: string): readonly (readonly string[])[] {
  return [...markup.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = ""]) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = ""]) => cell.replace(/<[^>]*>/g, "")),
  );
}

const plain: ResultsV1 = {
  ...exampleResults,
  runs: exampleResults.runs.map(({ corruptions: _, similarity: __, ...run }) => run),
};

describe("corruptionsSection", () => {
  const { markup } = corruptionsSection(exampleResults);
  const rows = rowsOf(markup);

  it("has clean errors, means over severities, and the mean, block by block", () => {
    expect(rows).toContainEqual(["Images", "stage1", "stage2", "stage3", "stage4"]);
    expect(rows).toContainEqual(["clean", "30.0", "28.0", "26.0", "24.0"]);
    // (32 + 40 + 51.5) / 3 at the first.
    expect(rows).toContainEqual(["fog", "41.2", "40.2", "39.2", "38.2"]);
    expect(rows).toContainEqual(["shot-noise", "36.0", "36.0", "36.0", "36.0"]);
    expect(rows).toContainEqual(["mean corruption error", "38.6", "38.1", "37.6", "37.1"]);
  });

  it("has shares of a baseline's errors only for the run that was compared, a dash where there is none", () => {
    expect(rows.filter(([name]) => name?.startsWith("mCE"))).toEqual([
      ["mCE, % of end to end", "97.3", "98.3", "99.3", "100.3"],
    ]);
    expect(rows).toContainEqual(["relative mCE, % of end to end", "–", "88.0", "88.0", "88.0"]);
  });

  it("has the last block's errors by severity, for each run", () => {
    expect(rows.filter(([name]) => name === "Corruption")).toHaveLength(2);
    expect(rows).toContainEqual(["fog", "29.0", "37.0", "48.5"]);
  });

  it("is not there where no run was scored so", () => {
    expect(corruptionsSection(plain).markup).toBe("");
  });
});

describe("similaritySection", () => {
  const { markup } = similaritySection(exampleResults);

  it("has a table of numbers for the blocks among each other and one for the other run's", () => {
    const rows = rowsOf(markup);
    expect(rows).toHaveLength(10);
    expect(rows).toContainEqual(["stage1", "1.00", "0.79", "0.58", "0.37"]);
    expect(rows).toContainEqual(["stage1", "0.90", "0.59", "0.28", "−0.03"]);
    expect(markup).toContain("Linear CKA of blockwise (rows) with end to end (columns)");
  });

  it("colours cells by their numbers, from nothing at 0 and below", () => {
    expect(markup).toContain('style="--heat: 40%">1.00');
    expect(markup).toContain('style="--heat: 0%">−0.03');
  });

  it("is not there where no run was compared", () => {
    expect(similaritySection(plain).markup).toBe("");
  });
});
