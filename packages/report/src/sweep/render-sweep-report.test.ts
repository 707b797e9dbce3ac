import { parse } from "parse5";
import { describe, expect, it } from "vitest";
import { exampleSweep } from "../__fixtures__/example-sweep.js";
import { renderSweepReport } from "./render-sweep-report.js";

const page = renderSweepReport(exampleSweep);
const text = page
  .replace(/<style>.*?<\/style>/s, "")
  .replace(/<[^>]*>/g, " ")
  .replace(/\s+/g, " ");

describe("renderSweepReport", () => {
  it("is well-formed, the same each time, and asks for nothing from outside", () => {
    const errors: string[] = [];
    parse(page, { onParseError: ({ code }) => errors.push(code) });
    expect(errors).toEqual([]);
    expect(renderSweepReport(exampleSweep)).toBe(page);
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/<script|(src|href)="https?:/);
  });

  it("puts each row's controls beside it, at the last depth and by depth", () => {
    expect(text).toContain("Barlow Twins 70.5 ± 0.7 73.5 ± 0.7 41.0 ± 0.0");
    expect(text).toContain("as the row says 61.0 ± 1.4 70.5 ± 0.7 end to end 58.0 ± 0.0 73.5 ± 0.7");
    expect(text).toContain("raw pixels 81.5 ± 0.7");
  });

  it("draws a control that all rows share once, and leaves one that they do not share out of the chart", () => {
    const [, ...headings] = /Depth<\/th>(.*?)<\/tr>/s.exec(page)?.[1]?.split("<th") ?? [];
    const names = headings.map((heading) => heading.replace(/^[^>]*>|<.*$/g, ""));
    expect(names).toEqual(["Barlow Twins", "&lt;b&gt;SimCLR&lt;/b&gt;", "random weights"]);
  });

  it("takes names for text, and says what to beware of and what it took", () => {
    expect(page).not.toContain("<b>SimCLR");
    expect(text).toContain("One run skipped a step.");
    expect(text).toContain("Barlow Twins 100 1 min 1 s 200 512 MiB");
    expect(text).toContain("2 runs at a time on one machine");
  });
});
