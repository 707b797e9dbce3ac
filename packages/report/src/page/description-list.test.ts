import { describe, expect, it } from "vitest";
import { descriptionList } from "./description-list.js";

describe("descriptionList", () => {
  it("names nested values by their path and writes each kind of value in words", () => {
    const { markup } = descriptionList({
      a: { b: { c: 1 }, d: "<x>" },
      list: [1, "two"],
      objects: [{ e: 1 }],
      nothing: null,
      on: true,
      empty: {},
    });
    expect(
      [...markup.matchAll(/<dt>(.*?)<\/dt><dd>(.*?)<\/dd>/g)].map(([, name, value]) => [name, value]),
    ).toEqual([
      ["a.b.c", "1"],
      ["a.d", "&lt;x&gt;"],
      ["list", "1, two"],
      ["objects", "[{&quot;e&quot;:1}]"],
      ["nothing", "none"],
      ["on", "yes"],
      ["empty", "{}"],
    ]);
  });
});
