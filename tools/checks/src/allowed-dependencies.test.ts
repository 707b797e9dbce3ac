import { describe, expect, it } from "vitest";
import { mayDepend } from "./allowed-dependencies.js";
import type { WorkspacePackage } from "./workspace-packages.js";

function member(folder: string): WorkspacePackage {
  const [group, name] = folder.split("/");
  return {
    folder,
    group: group as WorkspacePackage["group"],
    manifest: { name: `@blockwise/${name}` },
    sources: [],
  };
}

describe("mayDepend", () => {
  it.each([
    ["packages/core", "packages/spec"],
    ["packages/loss-x", "packages/spec"],
    ["packages/backbone-x", "packages/layers"],
    ["apps/reference", "packages/core"],
    ["apps/reference", "packages/loss-x"],
    ["tools/parity", "packages/core"],
  ])("lets %s depend on %s", (from, to) => {
    expect(mayDepend(member(from), member(to), "dependencies")).toBe(true);
  });

  it.each([
    ["packages/core", "packages/loss-x"],
    ["packages/loss-x", "packages/core"],
    ["packages/loss-x", "packages/backbone-x"],
    ["packages/spec", "packages/random"],
    ["packages/random", "packages/core"],
    ["packages/loss-x", "packages/testing"],
    ["packages/loss-x", "tools/browser"],
    ["packages/core", "apps/reference"],
    ["tools/parity", "apps/reference"],
  ])("does not let %s depend on %s", (from, to) => {
    expect(mayDepend(member(from), member(to), "dependencies")).toBe(false);
  });

  it("lets tests use more, but never the core in a plugin", () => {
    expect(mayDepend(member("packages/loss-x"), member("packages/testing"), "devDependencies")).toBe(true);
    expect(mayDepend(member("packages/core"), member("packages/loss-x"), "devDependencies")).toBe(true);
    expect(mayDepend(member("packages/loss-x"), member("packages/core"), "devDependencies")).toBe(false);
    expect(mayDepend(member("packages/loss-x"), member("packages/loss-y"), "devDependencies")).toBe(false);
  });
});
