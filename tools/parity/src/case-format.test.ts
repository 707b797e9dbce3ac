import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseCases } from "./case-format.js";

const text = readFileSync(new URL("./__fixtures__/cases.json", import.meta.url), "utf8");
const [barlow, , vicreg, simclr] = JSON.parse(text) as Record<string, unknown>[];

describe("parseCases", () => {
  it("reads every field that is used", () => {
    const cases = parseCases(text, "cases.json");
    expect(cases).toHaveLength(5);
    const { seed: _, ...fields } = barlow ?? {};
    expect(cases[0]).toEqual(fields);
    expect(cases[2]).toMatchObject({ loss: "vicreg", coeffs: [25, 25, 1], head: "gsp" });
    expect(cases[3]).toMatchObject({ loss: "simclr", temperature: 0.2 });
    expect(cases[4]).toMatchObject({ detach: false });
  });

  it.each<[string, unknown, object | undefined]>([
    ["name", undefined, barlow],
    ["name", "../../etc/passwd", barlow],
    ["name", "/absolute", barlow],
    ["name", "..", barlow],
    ["name", "", barlow],
    ["block", "wide", barlow],
    ["layers", [], barlow],
    ["layers", [1, 0], barlow],
    ["layers", "1111", barlow],
    ["width", 1.5, barlow],
    ["stem", null, barlow],
    ["head", "cbe2", barlow],
    ["dim", "16", barlow],
    ["projector", [12, -1], barlow],
    ["batch", 0, barlow],
    ["size", {}, barlow],
    ["detach", "true", barlow],
    ["lars_lrs", [], barlow],
    ["lars_lrs", [0.1, null], barlow],
    ["loss", "byol", barlow],
    ["lambda", undefined, barlow],
    ["scale", "0.1", barlow],
    ["temperature", undefined, simclr],
    ["coeffs", [25, 25], vicreg],
    ["coeffs", [25, 25, 1, 1], vicreg],
  ])("names the case and the field for %s = %o", (field, value, from) => {
    const broken = JSON.stringify([barlow, { ...from, [field]: value }]);
    expect(() => parseCases(broken, "cases.json")).toThrow(
      expect.objectContaining({
        code: "BLOCKWISE_MALFORMED_FILE",
        path: "cases.json",
        message: expect.stringMatching(new RegExp(`cases\\.json, case 1\\b.*"${field}" must be .*, but is `)),
      }),
    );
  });

  it("names a case by its name where it has one", () => {
    const broken = JSON.stringify([{ ...barlow, width: 0 }]);
    expect(() => parseCases(broken, "x")).toThrow(
      'x, case 0 ("bottleneck-imagenet-barlow-blockwise"): "width" must be a count, but is 0.',
    );
  });

  it.each(["", "{", "{}", "null", "[]", "3"])("refuses what is no list of cases: %s", (broken) => {
    expect(() => parseCases(broken, "cases.json")).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_MALFORMED_FILE" }),
    );
  });

  it.each([null, 3, "case", []])("refuses a case that is %o", (item) => {
    expect(() => parseCases(JSON.stringify([item]), "cases.json")).toThrow('case 0: "name" must be');
  });
});
