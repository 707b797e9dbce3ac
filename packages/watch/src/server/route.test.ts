import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { routeOf } from "./route.js";

const id = "0123456789abcdef";

describe("routeOf", () => {
  it("knows the page's addresses", () => {
    expect(routeOf("", "")).toEqual({ kind: "slash" });
    expect(routeOf("/", "")).toEqual({ kind: "top", what: "page" });
    expect(routeOf(`/runs/${id}`, "")).toEqual({ kind: "slash" });
    expect(routeOf(`/runs/${id}/`, "")).toEqual({ kind: "run", id, what: "page" });
    expect(routeOf(`/runs/${id}/section/map`, "at=12")).toEqual({ kind: "section", id, name: "map", at: 12 });
    expect(routeOf(`/runs/${id}/section/map`, "at=x")).toEqual({
      kind: "section",
      id,
      name: "map",
      at: null,
    });
    expect(routeOf(`/runs/${id}/pair/12-1.png`, "")).toEqual({ kind: "picture", id, image: 12, view: 1 });
  });

  it.each([
    "/..",
    "//",
    "/runs",
    "/runs/",
    "/runs/../state",
    `/runs/${id}/../state`,
    `/runs/${id}/config.json`,
    `/runs/${id}/pair/../config.json`,
    `/runs/${id}/pair/0-0.png/`,
    `/runs/${id}/pair/100-0.png`,
    "/constructor",
    "/toString",
  ])("knows nothing of %s", (path) => expect(routeOf(path, "")).toBeNull());

  it("gives names and numbers, and never a path", () => {
    const part = fc.oneof(fc.constantFrom("runs", id, "section", "pair", "..", ".", "state"), fc.string());
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), fc.string(), (parts, query) => {
        const route = routeOf(`/${parts.join("/")}`, query);
        for (const value of Object.values(route ?? {})) expect(String(value)).toMatch(/^[a-z0-9]*$/);
      }),
      { numRuns: 2000, seed: 11 },
    );
  });
});
