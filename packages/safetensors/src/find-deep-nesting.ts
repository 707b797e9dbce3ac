import { endOfString } from "./find-duplicate-key.js";

/**
 * Where objects and lists in `json` are first nested more than `limit` deep; null where they are nowhere. Anything may be
 * in `json`; nothing is built from it.
 */
export function findDeepNesting(json: string, limit: number): number | null {
  let depth = 0;
  for (let position = 0; position < json.length; position++) {
    const character = json[position];
    if (character === '"') position = endOfString(json, position) - 1;
    else if (character === "}" || character === "]") depth -= 1;
    else if (character === "{" || character === "[") {
      depth += 1;
      if (depth > limit) return position;
    }
  }
  return null;
}
