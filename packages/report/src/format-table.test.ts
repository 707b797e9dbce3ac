import { describe, expect, it } from "vitest";
import { exampleResults } from "./__fixtures__/example-results.js";
import { formatTable } from "./format-table.js";
import type { ResultsV1 } from "./results-v1.js";

describe("formatTable", () => {
  it("aligns runs and blocks and ends with the distances at the last block", () => {
    expect(formatTable(exampleResults)).toBe(`Linear probe, pooled features (top-1, %)
                stage1  stage2  stage3  stage4
blockwise         71.2    78.9    81.3    82.1
end to end        70.2    77.1    82.8    84.5
random weights    66.7    68.2    67.1    63.9
raw pixels        80.6

Linear probe, head's output (top-1, %)
                stage1  stage2  stage3  stage4
blockwise         70.1    77.7    80.9    81.8
end to end        69.8    76.4    82.0    84.2
random weights    65.0    66.6    64.2    60.1

Nearest neighbours, pooled features (top-1, %)
                stage1  stage2  stage3  stage4
blockwise         69.5    75.1    78.0    79.3
end to end        68.1    74.0    79.2    82.4
random weights    64.3    66.0    63.8    60.9

Last block, linear probe on pooled features: blockwise 82.1 % (points: +18.2 to random weights, −2.4 to end to end)
`);
  });

  it("says nothing of runs that are not there", () => {
    const only = (name: string): ResultsV1 => ({
      ...exampleResults,
      runs: exampleResults.runs.filter((run) => run.name === name),
    });
    expect(formatTable(only("blockwise"))).toMatch(/blockwise 82\.1 %\n$/);
    expect(formatTable(only("random"))).not.toContain("Last block");
  });

  it("shows a dash for a block that a run does not have", () => {
    const runs = exampleResults.runs.map((run, index) =>
      index === 1 ? { ...run, blocks: run.blocks.slice(1) } : run,
    );
    expect(formatTable({ ...exampleResults, runs })).toMatch(/^end to end +– +77\.1/m);
  });
});
