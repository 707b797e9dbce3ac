import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseCases } from "./case-format.js";

const text = readFileSync(new URL("./__fixtures__/cases.json", import.meta.url), "utf8");
const items = JSON.parse(text) as Record<string, unknown>[];
const [barlow, , vicreg, simclr] = items;
const named = (name: string) => items.find((item) => item.name === name);
const supervised = named("basic-cifar-cross-entropy-blockwise");
const infomax = named("basic-cifar-greedy-infomax-blockwise");
const lookAhead = named("basic-cifar-look-ahead-blockwise");
const localPool = named("basic-cifar-simclr-blockwise-lsp");

describe("parseCases", () => {
  it("reads every field that is used", () => {
    const cases = parseCases(text, "cases.json");
    expect(cases).toHaveLength(items.length);
    for (const item of [barlow, supervised, infomax, lookAhead, localPool]) {
      const { seed: _, ...fields } = item ?? {};
      expect(cases.find(({ name }) => name === item?.name)).toEqual(fields);
    }
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
    ["grid", undefined, localPool],
    ["classes", 0, supervised],
    ["labels", undefined, supervised],
    ["labels", [0, 1, 2, 3, 3], supervised],
    ["labels", [0, 1, 2, 3, 3, 4], supervised],
    ["labels", [0, 1, 2, 3, 3, 0.5], supervised],
    ["smoothing", null, supervised],
    ["input", "map", supervised],
    ["steps", 0, infomax],
    ["negatives", "some", infomax],
    ["patches", 1.5, infomax],
    ["weight", "1", lookAhead],
    ["of", "barlow", lookAhead],
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

  it("names the field of a loss within a loss", () => {
    const { lambda: _, ...of } = (lookAhead?.of ?? {}) as Record<string, unknown>;
    const message =
      /case 0 \("basic-cifar-look-ahead-blockwise"\), "of": "lambda" must be a number, but is absent/;
    expect(() => parseCases(JSON.stringify([{ ...lookAhead, of }]), "x")).toThrow(message);
    const nested = { ...lookAhead, of: lookAhead };
    expect(() => parseCases(JSON.stringify([nested]), "x")).toThrow(/"of": "loss" must be one of "barlow"/);
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
