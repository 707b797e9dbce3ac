import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { runConfigSchema } from "../src/config/schema.js";
import { type PresetName, presets } from "../src/presets/presets.js";

const read = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), "utf8");

type Schema = z.core.JSONSchema.BaseSchema;

/** The dotted names of all fields, those of every choice too; losses within losses have the fields of losses. */
function fieldsOf(root: Schema): readonly string[] {
  const entered = new Set<string>();
  const visit = (schema: Schema, path: readonly string[]): readonly string[] => {
    if (schema.$ref === undefined) return fieldsBelow(schema, path, visit);
    if (entered.has(schema.$ref)) return [];
    entered.add(schema.$ref);
    return visit(definitionOf(root, schema.$ref), path);
  };
  return visit(root, []);
}

function definitionOf({ $defs = {} }: Schema, reference: string): Schema {
  const definition = $defs[reference.replace("#/$defs/", "")];
  if (definition === undefined) throw new Error(`${reference} is not defined.`);
  return definition;
}

function fieldsBelow(
  schema: Schema,
  path: readonly string[],
  visit: (schema: Schema, path: readonly string[]) => readonly string[],
): readonly string[] {
  const choices = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((choice) => visit(choice, path));
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    if (typeof field === "boolean") return [];
    const own = [...path, name].join(".");
    // An object that is always there is documented by its fields.
    return [...(field.type === "object" || field.oneOf ? [] : [own]), ...visit(field, [...path, name])];
  });
  return [...new Set([...choices, ...fields])];
}

function valueAt(preset: PresetName, field: string): unknown {
  return field
    .split(".")
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | null)?.[name], presets[preset]);
}

/** What a preset has there; the fields of an object stand in rows of their own. */
function shown(preset: PresetName, field: string): string {
  const value = valueAt(preset, field);
  if (value === undefined) return "—";
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? "see below"
    : `\`${JSON.stringify(value)}\``;
}

/** One value for presets that agree: "smoke `64`, quick and full `128`". */
function defaultOf(field: string): string {
  const groups = new Map<string, string[]>();
  for (const preset of ["smoke", "quick", "full"] as const) {
    const value = shown(preset, field);
    groups.set(value, [...(groups.get(value) ?? []), preset]);
  }
  if (groups.size === 1) return [...groups.keys()].join();
  return [...groups].map(([value, names]) => `${names.join(" and ")} ${value}`).join(", ");
}

describe("docs/configuration.md", () => {
  const rows = new Map(
    read("docs/configuration.md")
      .split("\n")
      .map((line) => line.split("|").map((cell) => cell.trim()))
      .flatMap(([, name = "", , value = "", meaning = ""]) => {
        const field = /^`(.+)`$/.exec(name)?.[1];
        return field === undefined ? [] : [[field, { value, meaning }] as const];
      }),
  );

  it("has a row for every field, and none for others", () => {
    expect([...rows.keys()].sort()).toEqual([...fieldsOf(z.toJSONSchema(runConfigSchema))].sort());
  });

  it("states every default as the presets have it", () => {
    const stated = Object.fromEntries([...rows].map(([field, { value }]) => [field, value]));
    expect(stated).toEqual(Object.fromEntries([...rows.keys()].map((field) => [field, defaultOf(field)])));
  });

  it("says what each field means", () => {
    for (const [field, { meaning }] of rows) expect(meaning, field).not.toBe("");
  });
});

describe("docs/errors.md", () => {
  it("has a heading for every code, and none for others", () => {
    const codes = read("packages/spec/src/errors/blockwise-error.ts").match(/(?<=\| ")BLOCKWISE_\w+/g) ?? [];
    const headings = [...read("docs/errors.md").matchAll(/^## `(\w+)`$/gm)].map(([, code]) => code);
    expect(codes.length).toBeGreaterThan(0);
    expect(headings).toEqual([...codes].sort());
  });
});
