import { InvalidOptionError } from "@blockwise/spec";
import { type DefaultTreeAdapterMap, defaultTreeAdapter, parse, serialize } from "parse5";
import { describe, expect, it } from "vitest";
import { exampleResults } from "./__fixtures__/example-results.js";
import { renderReport } from "./render-report.js";
import type { ResultsV1 } from "./results-v1.js";

type Node = DefaultTreeAdapterMap["node"];
type Element = DefaultTreeAdapterMap["element"];

/** All elements of a page; where the markup is not well-formed the test fails. */
function elementsOf(page: string): readonly Element[] {
  const errors: string[] = [];
  const document = parse(page, {
    sourceCodeLocationInfo: true,
    onParseError: ({ code, startLine }) => errors.push(`${code} in line ${startLine}`),
  });
  expect(errors).toEqual([]);
  return descendants(document);
}

function descendants(node: Node): readonly Element[] {
  const children: readonly Node[] = "childNodes" in node ? node.childNodes : [];
  return children.flatMap((child) => [
    ...(defaultTreeAdapter.isElementNode(child) ? [child] : []),
    ...descendants(child),
  ]);
}

function attribute(element: Element, name: string): string | undefined {
  return element.attrs.find((candidate) => candidate.name === name)?.value;
}

function textOf(node: Node): string {
  if (defaultTreeAdapter.isTextNode(node)) return node.value;
  return "childNodes" in node ? node.childNodes.map(textOf).join("") : "";
}

function withTag(elements: readonly Element[], tag: string): readonly Element[] {
  return elements.filter((element) => element.tagName === tag);
}

describe("renderReport", () => {
  const page = renderReport(exampleResults);
  const elements = elementsOf(page);

  it("gives the same page for the same results", () => {
    expect(renderReport(exampleResults)).toBe(page);
  });

  it("says the outcome in a sentence, with the distances as they are", () => {
    const verdict = elements.find((element) => attribute(element, "class") === "verdict");
    expect(verdict && textOf(verdict).replace(/\s+/g, " ")).toBe(
      "Trained block by block, the last block's features reach 82.1 % with a linear probe: " +
        "18.2 points above the same network with random weights, 2.4 points below end-to-end training.",
    );
  });

  it("has a row for every run and score, a column for every block, and the control on pixels", () => {
    const [accuracy] = withTag(elements, "table");
    const rows = accuracy === undefined ? [] : withTag(descendants(accuracy), "tr");
    const cells = rows.map((row) =>
      descendants(row)
        .filter(({ tagName }) => tagName === "th" || tagName === "td")
        .map((cell) => textOf(cell)),
    );
    expect(cells[0]).toEqual(["Run", "stage1", "stage2", "stage3", "stage4"]);
    expect(cells).toContainEqual(["blockwise", "71.2", "78.9", "81.3", "82.1"]);
    expect(cells).toContainEqual(["blockwise", "70.1", "77.7", "80.9", "81.8"]);
    expect(cells).toContainEqual(["random weights", "64.3", "66.0", "63.8", "60.9"]);
    expect(cells).toContainEqual(["raw pixels", "80.6", "", "", ""]);
    expect(cells).toHaveLength(1 + 3 + 3 * 3 + 1);
  });

  it("draws a chart of the probes and one of the losses for each trained run, each with words and a table", () => {
    const figures = withTag(elements, "figure");
    expect(
      figures.map((figure) => withTag(descendants(figure), "figcaption").map(textOf).join("").split(" ")[0]),
    ).toEqual(["Linear", "Loss,", "Loss,"]);
    for (const figure of figures) {
      const inside = descendants(figure);
      expect(withTag(inside, "svg")).toHaveLength(2);
      expect(withTag(inside, "text").map(textOf)).not.toContain("undefined");
      expect(withTag(withTag(inside, "details").flatMap(descendants), "table")).toHaveLength(1);
      for (const image of inside.filter((element) => attribute(element, "role") === "img")) {
        expect(attribute(image, "aria-label")).toMatch(/one line a (run|block)/);
      }
    }
  });

  it("draws a line a run and one for the pixels, in different colours, marks or dashes", () => {
    const [figure] = withTag(elements, "figure");
    const lines = (figure === undefined ? [] : withTag(descendants(figure), "path"))
      .filter(
        (path) =>
          attribute(path, "fill") === "none" && attribute(path, "stroke")?.startsWith("var(--series-"),
      )
      .map((path) => attribute(path, "stroke"));
    expect(lines).toEqual([0, 1, 2, 3, 0, 1, 2, 3].map((index) => `var(--series-${index})`));
  });

  it("names lines and positions, and keeps apart names that differ only in the middle", () => {
    const names = ["x".repeat(40), `${"x".repeat(20)}y${"x".repeat(19)}`];
    const [run] = exampleResults.runs;
    const [block] = run?.blocks ?? [];
    if (run === undefined || block === undefined) throw new Error("The example has no blocks.");
    const labels = withTag(
      elementsOf(
        renderReport({
          ...exampleResults,
          runs: [{ ...run, blocks: names.map((name) => ({ ...block, block: name })) }],
        }),
      ),
      "text",
    ).map(textOf);
    expect(
      labels.filter((label) => label === `${"x".repeat(13)}…${"x".repeat(13)}`).length,
    ).toBeGreaterThanOrEqual(2);
    const example = withTag(elements, "text").map(textOf);
    for (const label of ["blockwise", "raw pixels", "stage1", "stage4", "network", "top-1, %", "step"]) {
      expect(example).toContain(label);
    }
  });

  it("has finite coordinates and names that are unique in the page", () => {
    for (const svg of withTag(elements, "svg")) {
      expect(attribute(svg, "viewBox")).toMatch(/^0 0 \d+ \d+$/);
      for (const path of withTag(descendants(svg), "path")) {
        expect(attribute(path, "d")).not.toMatch(/NaN|Infinity|undefined/);
      }
    }
    const ids = elements.flatMap((element) => attribute(element, "id") ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    const used = [...page.matchAll(/url\(#([^)]*)\)/g)].map(([, id]) => id);
    expect(used.length).toBeGreaterThan(0);
    expect(ids).toEqual(expect.arrayContaining(used));
  });

  it("asks for nothing: no script, no address but those of the SVG's own vocabulary", () => {
    for (const tag of [
      "script",
      "link",
      "iframe",
      "object",
      "embed",
      "img",
      "image",
      "use",
      "base",
      "form",
      "a",
    ]) {
      expect(withTag(elements, tag), tag).toEqual([]);
    }
    const addresses = elements
      .flatMap((element) => element.attrs)
      .filter(({ name, prefix }) => name !== "xmlns" && prefix !== "xmlns")
      .filter(
        ({ name, value }) =>
          /^(src|href|xlink:href|srcset|action|data|background)$/.test(name) || /\/\//.test(value),
      );
    expect(addresses).toEqual([]);
    const style = withTag(elements, "style").map(textOf).join("");
    expect(style).not.toMatch(/@import|url\(/);
    const policy = elements.find((element) => attribute(element, "http-equiv") === "Content-Security-Policy");
    expect(policy && attribute(policy, "content")).toContain("default-src 'none'");
  });

  it("shows indicators, timings, protocol, settings, versions and warnings", () => {
    const text = textOf(parse(page)).replace(/\s+/g, " ");
    for (const part of [
      "12.3 of 16",
      "2 min 3 s",
      "700 MiB",
      "1.2 %",
      "linearProbe.optimizer",
      "l-bfgs",
      "optimizer.learningRate",
      "@blockwise/core",
      "not the one that was asked for",
      "npm run headline -- --preset quick",
      "T-shirt/top, Trouser",
    ]) {
      expect(text).toContain(part);
    }
  });

  it("treats every name as text", () => {
    const attack = `"'><script>alert(1)</script><img src=x onerror=alert(2)></style></svg>]]>&lt;\u0000\u001b\uD800{a|b}`;
    const page = renderReport(poison(exampleResults, attack));
    const found = elementsOf(page);
    expect(withTag(found, "script")).toEqual([]);
    expect(withTag(found, "img")).toEqual([]);
    expect(found.flatMap(({ attrs }) => attrs.filter(({ name }) => name.startsWith("on")))).toEqual([]);
    expect(withTag(found, "style")).toHaveLength(1);
    const outsideCharts = (all: readonly Element[]): readonly string[] =>
      all.filter(({ namespaceURI }) => !namespaceURI.endsWith("svg")).map(({ tagName }) => tagName);
    expect(outsideCharts(found)).toEqual(outsideCharts(elements));
    const inCharts = found.filter(({ namespaceURI }) => namespaceURI.endsWith("svg"));
    expect(new Set(inCharts.map(({ tagName }) => tagName))).toEqual(
      new Set(["svg", "rect", "path", "text", "g", "defs", "clipPath"]),
    );
    const shown = attack
      .replaceAll("\u0000", "\uFFFD")
      .replaceAll("\u001b", "\uFFFD")
      .replaceAll("\uD800", "\uFFFD");
    expect(textOf(parse(page))).toContain(shown);
    expect(withTag(found, "text").some((text) => textOf(text).startsWith(shown.slice(0, 13)))).toBe(true);
    expect(serialize(parse(page))).not.toContain("<script>");
  });

  it("shows what is left when scores, runs and optional parts are missing", () => {
    const { schema, dataset, protocol, engine, seed } = exampleResults;
    const score = { top1: Number.NaN };
    const sparse: ResultsV1 = {
      schema,
      dataset,
      protocol,
      engine,
      seed,
      runs: [
        {
          name: "random",
          train: null,
          blocks: [{ block: "only", linearProbe: { raw: score, head: null }, knn: { raw: score } }],
        },
      ],
      controls: { pixels: { top1: 50 } },
    };
    const page = renderReport(sparse);
    elementsOf(page);
    expect(page).not.toMatch(/NaN|undefined|null/);
    elementsOf(renderReport({ ...sparse, runs: [] }));
  });

  it("refuses results of another schema", () => {
    const unknown = { ...exampleResults, schema: 2 } as unknown as ResultsV1;
    expect(() => renderReport(unknown)).toThrow(InvalidOptionError);
  });
});

/** The same results with another text for every name and every other text in them, except those that are ids. */
function poison(results: ResultsV1, text: string): ResultsV1 {
  const replace = (value: unknown, key: string): unknown => {
    if (typeof value === "string") return key === "block" ? `${text}${value}` : key === "name" ? value : text;
    if (Array.isArray(value)) return value.map((item) => replace(item, key));
    if (typeof value === "object" && value !== null) {
      return Object.fromEntries(
        Object.entries(value).map(([name, item]) => [
          ["timings", "versions", "classes"].includes(key) ? `${text}${name}` : name,
          replace(item, name),
        ]),
      );
    }
    return value;
  };
  return replace(results, "") as ResultsV1;
}
