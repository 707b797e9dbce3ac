import { describe, expect, it } from "vitest";
import { describeBroken, toInputReport } from "./input-report.js";

const report = (count: number, names: readonly string[]) => ({
  images: 10,
  imagesPerSecond: 5,
  waitMs: 1,
  broken: { count, names },
});

describe("toInputReport", () => {
  it("counts an image once that was met before and after going on", () => {
    const first = toInputReport(report(2, ["a", "b"]), null);
    expect(first).toEqual({ imagesPerSecond: 5, broken: { count: 2, names: ["a", "b"] } });
    expect(toInputReport(report(2, ["b", "c"]), first).broken).toEqual({ count: 3, names: ["a", "b", "c"] });
  });

  it("keeps the speed of a run that nothing was left to train of", () => {
    const first = toInputReport(report(0, []), null);
    expect(toInputReport({ ...report(0, []), imagesPerSecond: 0 }, first).imagesPerSecond).toBe(5);
  });

  it("says the least that there must be where not all are named", () => {
    const first = toInputReport(report(40, ["a", "b"]), null);
    expect(toInputReport(report(12, ["c"]), first).broken).toEqual({ count: 40, names: ["a", "b", "c"] });
  });
});

describe("describeBroken", () => {
  it("names the first, and says nothing of none", () => {
    expect(describeBroken({ count: 0, names: [] })).toBeNull();
    expect(describeBroken({ count: 3, names: ["a (cut off)"] })).toBe(
      "data: 3 broken images left out, others in their place: a (cut off), and 2 more",
    );
  });
});
