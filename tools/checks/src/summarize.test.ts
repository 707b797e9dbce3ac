import { describe, expect, it } from "vitest";

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
}

const { summarize } = (await import(new URL("../run-vitest.mjs", import.meta.url).href)) as {
  summarize(results: unknown, code: number | string): Counts;
};

function file(status: string, ...cases: readonly string[]): object {
  const assertionResults = cases.map((result, index) => ({ status: result, fullName: `test ${index}` }));
  return { name: "file.test.ts", status, assertionResults };
}

describe("summarize", () => {
  it("adds up tests and names those that were skipped", () => {
    const results = {
      testResults: [file("passed", "passed", "pending"), file("failed", "passed", "failed", "todo")],
    };
    expect(summarize(results, 1)).toMatchObject({ passed: 2, failed: 1, skipped: ["test 1", "test 2"] });
  });

  it("counts a file that cannot be loaded as one failure", () => {
    expect(summarize({ testResults: [file("failed"), file("passed", "passed")] }, 1)).toMatchObject({
      failed: 1,
    });
  });

  it("counts a file whose hooks fail after its tests passed as one failure", () => {
    expect(summarize({ testResults: [file("failed", "passed")] }, 1)).toMatchObject({ passed: 1, failed: 1 });
  });

  it("fails when no test ran", () => {
    expect(summarize({ testResults: [] }, 0)).toMatchObject({ passed: 0, failed: 1 });
    expect(summarize({ testResults: [file("passed", "skipped")] }, 0)).toMatchObject({
      passed: 0,
      failed: 1,
    });
  });

  it("fails when vitest wrote nothing or ended with an error of its own", () => {
    expect(summarize(undefined, "SIGSEGV")).toMatchObject({ passed: 0, failed: 1 });
    expect(summarize({ testResults: [file("passed", "passed")] }, 1)).toMatchObject({ passed: 1, failed: 1 });
  });
});
