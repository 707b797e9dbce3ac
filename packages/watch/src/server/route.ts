/** What an address below the token stands for. */
export type Route =
  /** Addresses are folders: their relative links need the slash at the end. */
  | { readonly kind: "slash" }
  | { readonly kind: "top"; readonly what: "page" | "script" | "state" | "style" }
  | { readonly kind: "runs" }
  | { readonly kind: "run"; readonly id: string; readonly what: "page" | "state" }
  | { readonly kind: "section"; readonly id: string; readonly name: string; readonly at: number | null }
  | { readonly kind: "picture"; readonly id: string; readonly image: number; readonly view: number };

const top: Readonly<Record<string, Route>> = {
  "": { kind: "slash" },
  "/": { kind: "top", what: "page" },
  "/live.css": { kind: "top", what: "style" },
  "/live.js": { kind: "top", what: "script" },
  "/section/runs": { kind: "runs" },
  "/state": { kind: "top", what: "state" },
};

/** Reads an address from a fixed list of patterns; null for any other. No part of it is ever a path. */
export function routeOf(path: string, query: string): Route | null {
  const fixed = Object.hasOwn(top, path) ? top[path] : undefined;
  if (fixed !== undefined) return fixed;
  const [, id, rest = ""] = /^\/runs\/([0-9a-f]{16})(\/.*)?$/.exec(path) ?? [];
  if (id === undefined) return null;
  if (rest === "") return { kind: "slash" };
  if (rest === "/") return { kind: "run", id, what: "page" };
  if (rest === "/state") return { kind: "run", id, what: "state" };
  const name = /^\/section\/([a-z]{1,20})$/.exec(rest)?.[1];
  if (name !== undefined) {
    const at = /^at=(\d{1,4})$/.exec(query)?.[1];
    return { kind: "section", id, name, at: at === undefined ? null : Number(at) };
  }
  const picture = /^\/pair\/(\d{1,2})-(\d)\.png$/.exec(rest);
  if (picture === null) return null;
  return { kind: "picture", id, image: Number(picture[1]), view: Number(picture[2]) };
}
