import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSourceModule } from "./source-module.js";
import { isTestSource, listExamples, listWorkspacePackages, root } from "./workspace-packages.js";

const versions = new Map(
  listWorkspacePackages()
    .filter(({ manifest }) => manifest.private !== true)
    .map(({ manifest }) => [manifest.name, String(manifest.version)]),
);
const readme = (folder: string): string => readFileSync(join(root, folder, "README.md"), "utf8");

describe("the examples", () => {
  it("are there, are linked, and are no members of the workspace", () => {
    const examples = listExamples();
    expect(examples.length).toBeGreaterThan(0);
    for (const { folder, manifest } of examples) {
      expect(readme("examples")).toContain(`](${folder.replace("examples/", "")})`);
      expect(listWorkspacePackages().map(({ manifest }) => manifest.name)).not.toContain(manifest.name);
    }
    expect(readFileSync(join(root, "pnpm-workspace.yaml"), "utf8")).not.toContain("examples/");
    for (const page of ["README.md", "docs/plugins.md"]) {
      expect(readFileSync(join(root, page), "utf8"), page).toMatch(/\]\((\.\.\/)?examples\)/);
    }
  });

  // That they build, pass their tests and train, `npm test` tries from packed packages.
  describe.each(listExamples().map((example) => [example.folder, example] as const))(
    "%s, as an outside package",
    (folder, { manifest, sources }) => {
      it("depends on released versions alone, of packages that are published", () => {
        const ranges = Object.entries({
          ...manifest.dependencies,
          ...manifest.peerDependencies,
          ...manifest.devDependencies,
        });
        const own = ranges.filter(([name]) => name.startsWith("@blockwise/"));
        expect(own).toEqual(own.map(([name]) => [name, `^${versions.get(name)}`]));
        expect(ranges.filter(([, range]) => !/^(\^|>=)\d+(\.\d+)*$/.test(range))).toEqual([]);
      });

      it("declares every package that it imports", () => {
        const { dependencies, peerDependencies, devDependencies } = manifest;
        const runtime = { ...dependencies, ...peerDependencies };
        const missing = sources.flatMap((path) => {
          const declared = isTestSource(path) ? { ...runtime, ...devDependencies } : runtime;
          return readSourceModule(`${folder}/${path}`).importedPackages.filter((name) => !(name in declared));
        });
        expect(missing).toEqual([]);
      });

      it("has what a package has: README, licence, tests, a configuration that names it, short files", () => {
        expect(readme(folder).startsWith(`# ${manifest.name}\n`)).toBe(true);
        expect(readme(folder)).toContain(`npm install ${manifest.name}`);
        for (const file of [
          "LICENSE",
          "tsconfig.json",
          "tsconfig.build.json",
          "vitest.config.ts",
          "run.json",
        ]) {
          expect(existsSync(join(root, folder, file)), file).toBe(true);
        }
        expect(readFileSync(join(root, folder, "run.json"), "utf8")).toContain(
          `"package": "${manifest.name}"`,
        );
        expect(sources.some((path) => path.endsWith(".test.ts"))).toBe(true);
        const long = sources.filter((path) => readSourceModule(`${folder}/${path}`).lineCount > 300);
        expect(long).toEqual([]);
        expect(readFileSync(join(root, folder, "README.md"), "utf8")).not.toContain("TODO");
      });
    },
  );
});
