import type { JsonObject, JsonValue } from "@blockwise/spec";
import { type Html, html } from "./html.js";

/** A list of names and values; values of nested objects get dotted names: `optimizer.momentum`. */
export function descriptionList(values: JsonObject): Html {
  return html`<dl>${flatten(values, "").map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

function flatten(values: JsonObject, prefix: string): readonly (readonly [string, string])[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    return isObject(value) && Object.keys(value).length > 0
      ? flatten(value, path)
      : [[path, describe(value)] as const];
  });
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(value: JsonValue): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (value === null) return "none";
  const plain = Array.isArray(value) && value.every((item) => typeof item !== "object");
  return plain ? value.join(", ") : JSON.stringify(value);
}
