import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { buildLibrary } from "./build-library.js";
import { removeLeftBuilds } from "./left-builds.js";

/** A folder with what killed builds and others left. */
function folderOfBuilds(): string {
  const folder = mkdtempSync(join(tmpdir(), "blockwise-left-builds-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of [
    "blockwise.node.old123",
    "blockwise.node.new456",
    "other.node.old123",
    "blockwise.node.another",
  ])
    mkdirSync(join(folder, name));
  writeFileSync(join(folder, "blockwise.node.old123", "kernels_v2.o"), "");
  for (const name of ["blockwise.node", "blockwise.node.stamp1"]) writeFileSync(join(folder, name), "");
  for (const name of readdirSync(folder)) if (!name.includes("new")) utimesSync(join(folder, name), 0, 0);
  return folder;
}
const kept = [
  "blockwise.node",
  "blockwise.node.another",
  "blockwise.node.new456",
  "blockwise.node.stamp1",
  "other.node.old123",
];

test("folders of killed builds go, and nothing else", () => {
  const folder = folderOfBuilds();
  removeLeftBuilds(join(folder, "blockwise.node"));
  expect(readdirSync(folder).sort()).toEqual(kept);
  expect(() => removeLeftBuilds(join(folder, "gone/blockwise.node"))).not.toThrow();
});

test("a build removes them", () => {
  const folder = folderOfBuilds();
  buildLibrary({ compiler: "no-such-compiler", output: join(folder, "blockwise.node") });
  expect(readdirSync(folder)).not.toContain("blockwise.node.old123");
});
