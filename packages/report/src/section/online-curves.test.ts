import { describe, expect, it } from "vitest";
import { exampleResults } from "../__fixtures__/example-results.js";
import { renderReport } from "../render-report.js";

describe("accuracy while training", () => {
  it("shows what the online probe read of each block, and nothing where there was none", () => {
    const runs = exampleResults.runs.map((run, index) =>
      run.train === null || index > 0
        ? run
        : {
            ...run,
            train: {
              ...run.train,
              onlineCurve: [
                { block: "layer1", steps: [100, 200], raw: [20.04, 31], head: [21, 32], neighbors: [1, 2] },
                { block: "layer2", steps: [200], raw: [null], head: [null], neighbors: [3] },
              ],
            },
          },
    );
    const page = renderReport({ ...exampleResults, runs });
    const rows =
      /<caption>Online probe, blockwise, at 2 of 2 recorded steps.*?<\/table>/s.exec(page)?.[0] ?? "";
    const cells = [...rows.matchAll(/<t[hd](?: [^>]*)?>(.*?)<\/t[hd]>/gs)].map(([, cell]) => cell);
    expect(cells).toEqual(["Step", "layer1", "layer2", "100", "20.0", "–", "200", "31.0", "–"]);
    expect(page.match(/Accuracy while training/g)).toHaveLength(1);
    expect(renderReport(exampleResults)).not.toContain("Accuracy while training");
  });
});
