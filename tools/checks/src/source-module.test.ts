import { describe, expect, it } from "vitest";
import { parseSourceModule } from "./source-module.js";

describe("parseSourceModule", () => {
  it("finds the packages of all kinds of imports, and nothing in comments and strings", () => {
    const { importedPackages } = parseSourceModule(
      "file.ts",
      `import { a } from "@scope/one/deep";
import type { B } from "two";
export { c } from "three";
import "four";
import "./neighbour.js";
import { readFileSync } from "node:fs";
import { join } from "path";
const later = () => import("five/part");
const unknown = (name: string) => import(name);
/** import { no } from "comment"; */
const text = 'import { no } from "string"';
`,
    );
    expect(importedPackages).toEqual(["@scope/one", "five", "four", "three", "two"]);
  });

  it.each([
    ["export default 1;", "hasDefaultExport"],
    ["const a = 1; export { a as default };", "hasDefaultExport"],
    ['export * from "./a.js";', "hasStarExport"],
  ] as const)("notices %s", (text, property) => {
    expect(parseSourceModule("file.ts", text)[property]).toBe(true);
    expect(parseSourceModule("file.ts", "export const a = 1;")[property]).toBe(false);
  });

  it.each([
    "enum A { B }",
    "export enum A { B }",
    "export const enum A { B }",
    "export namespace A { export const b = 1 }",
  ])("notices %s", (text) => {
    expect(parseSourceModule("file.ts", text).runtimeTypeScript).toHaveLength(1);
  });

  it("lets a module of another package be extended", () => {
    const { runtimeTypeScript } = parseSourceModule(
      "file.ts",
      'declare module "vitest" { interface A { b: 1 } }',
    );
    expect(runtimeTypeScript).toEqual([]);
  });

  it("counts lines", () => {
    expect(parseSourceModule("file.ts", "a;\nb;\n").lineCount).toBe(2);
  });
});
