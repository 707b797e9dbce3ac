import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { buildLibrary } from "./build-library.js";
import { libraryPlatform } from "./library-platform.js";

/** The package as it is installed, with other libraries in each test. */
const folder = mkdtempSync(join(tmpdir(), "blockwise-prebuilt-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const source = fileURLToPath(new URL("../dist/", import.meta.url));
const { built, file: compiled } = buildLibrary();
const platform = libraryPlatform();

test("a platform is that of Node, and says which C library", () => {
  const { glibcVersionRuntime } = (process.report.getReport() as { header: Record<string, unknown> }).header;
  const musl = process.platform === "linux" && glibcVersionRuntime === undefined;
  expect(platform).toBe(`${process.platform}-${process.arch}${musl ? "-musl" : ""}`);
});

/** What `loadLibrary` of the built package says in a process of its own, with such libraries, by their places. */
function load(libraries: Readonly<Record<string, "sound" | "broken">>): Record<string, unknown> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "dist"), { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  for (const name of ["index.js"]) cpSync(join(source, name), join(folder, "dist", name));
  for (const [place, kind] of Object.entries(libraries)) {
    mkdirSync(join(folder, place, ".."), { recursive: true });
    if (kind === "sound") cpSync(compiled, join(folder, place));
    else writeFileSync(join(folder, place), "not a library");
  }
  const script = `import { loadLibrary } from "./dist/index.js";
    const { library, ...rest } = loadLibrary();
    console.log(JSON.stringify(rest));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: folder,
    encoding: "utf8",
  });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}

describe.skipIf(!built || !existsSync(join(source, "index.js")))("an installed package", () => {
  const own = "dist/blockwise.node";
  const delivered = `prebuilt/${platform}/blockwise.node`;

  test("takes what came with it where nothing was compiled", () => {
    expect(load({ [delivered]: "sound" })).toMatchObject({ available: true, origin: "prebuilt" });
  });

  test("takes what was compiled first", () => {
    expect(load({ [own]: "sound", [delivered]: "broken" })).toMatchObject({
      available: true,
      origin: "built",
    });
  });

  test("takes what came with it where the one that was compiled does not load", () => {
    expect(load({ [own]: "broken", [delivered]: "sound" })).toMatchObject({
      available: true,
      origin: "prebuilt",
    });
  });

  test("names every library that does not load, and the way out", () => {
    const loaded = load({ [own]: "broken", [delivered]: "broken" });
    expect(loaded.available).toBe(false);
    for (const place of [own, delivered]) expect(loaded.reason).toContain(place);
    expect(loaded.howToGet).toContain("blockwise-build-native");
  });

  test("says for which platform none came", () => {
    expect(load({ "prebuilt/plan9-mips/blockwise.node": "sound" })).toMatchObject({
      available: false,
      reason: expect.stringContaining(platform),
    });
  });
});
