import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mayDepend } from "./allowed-dependencies.js";
import { readSourceModule } from "./source-module.js";
import { isTestSource, listWorkspacePackages, readManifest, root } from "./workspace-packages.js";

/** The most lines that a file may have; tests, which are lists of cases, may have some more. */
const mostLines = (path: string): number => (isTestSource(path) ? 400 : 300);

/** Files that are longer for a reason. */
const longFiles: Readonly<Record<string, string>> = {};

/** The fields of a published package's manifest, in their order; a question mark ends those that may be absent. */
const manifestFields = [
  "name",
  "version",
  "description",
  "keywords",
  "license",
  "type",
  "sideEffects",
  "bin?",
  "exports",
  "files",
  "engines",
  "scripts",
  "dependencies?",
  "optionalDependencies?",
  "peerDependencies?",
  "peerDependenciesMeta?",
  "devDependencies?",
  "repository",
  "publishConfig",
];

const packages = listWorkspacePackages();
const byName = new Map(packages.map((member) => [member.manifest.name, member]));
const published = packages.filter(({ manifest }) => manifest.private !== true);
const rootDevelopmentTools = Object.keys(readManifest(".").devDependencies ?? {});
const changesets = readdirSync(join(root, ".changeset"))
  .filter((name) => name.endsWith(".md"))
  .map((name) => readFileSync(join(root, ".changeset", name), "utf8"));

describe("the workspace", () => {
  it("publishes packages, and keeps apps and tools private", () => {
    expect(published.length).toBeGreaterThan(0);
    expect(
      packages.filter(({ group, manifest }) => (group === "packages") === (manifest.private === true)),
    ).toEqual([]);
  });

  it("has changesets that name packages and what changes", () => {
    const wrong = changesets.filter(
      (text) => !/^---\n("@blockwise\/[\w-]+": (major|minor|patch)\n)+---\n\n\S/.test(text),
    );
    expect(wrong).toEqual([]);
    // changesets refuses to plan a release where one names a private member beside a package.
    const named = changesets.flatMap((text) =>
      Array.from(text.matchAll(/^"(.+)": \w+$/gm), ([, name]) => name),
    );
    const names = published.map(({ manifest }) => manifest.name);
    expect(named.filter((name) => name === undefined || !names.includes(name))).toEqual([]);
  });

  it("is checked and released by actions of exact versions, and by the pnpm that package.json names", () => {
    const folder = join(root, ".github/workflows");
    const text = readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), "utf8"))
      .join("\n");
    const actions = Array.from(text.matchAll(/uses: (.+)$/gm), ([, action]) => action);
    expect(actions.length).toBeGreaterThan(0);
    expect(actions.filter((action) => !/@v\d+\.\d+\.\d+$/.test(action ?? ""))).toEqual([]);
    const managers = Array.from(text.matchAll(/\bpnpm@[\d.]+/g), ([manager]) => manager);
    expect([...new Set(managers)]).toEqual([readManifest(".").packageManager]);
    expect(text.match(/run: \.ci\/run$/gm)).toHaveLength(2);
  });

  it("has no exception that is not needed any more", () => {
    const short = Object.keys(longFiles).filter(
      (path) => readSourceModule(path).lineCount <= mostLines(path),
    );
    expect(short).toEqual([]);
  });
});

describe.each(published.map((member) => [member.folder, member] as const))(
  "%s, as a package",
  (folder, { manifest, sources }) => {
    it("has the fields of a manifest in their order", () => {
      const wanted = manifestFields
        .filter((field) => !field.endsWith("?") || field.slice(0, -1) in manifest)
        .map((field) => field.replace("?", ""));
      expect(Object.keys(manifest)).toEqual(wanted);
    });

    it("says what every package says alike", () => {
      expect(manifest).toMatchObject({
        name: `@blockwise/${folder.replace("packages/", "")}`,
        license: "MIT",
        type: "module",
        engines: readManifest(".").engines,
        repository: { directory: folder },
        publishConfig: { access: "public", provenance: true },
      });
      expect(manifest.keywords?.[0]).toBe("blockwise");
      expect(new Set(manifest.keywords).size).toBeGreaterThanOrEqual(4);
      expect(manifest.files).toEqual(
        expect.arrayContaining(["dist", "src", "!src/**/*.test.ts", "!src/**/__fixtures__"]),
      );
    });

    it("leads each export to its source, its types and its code", () => {
      const { "./package.json": own, ...entries } = manifest.exports ?? {};
      expect(own).toBe("./package.json");
      expect(Object.keys(entries)).toContain(".");
      for (const target of Object.values(entries)) {
        expect(Object.keys(target)).toEqual(["@blockwise/source", "types", "default"]);
        const source = typeof target === "string" ? target : (target["@blockwise/source"] ?? "");
        const built = source.replace("./src/", "./dist/").replace(/\.ts$/, "");
        expect(target).toEqual({
          "@blockwise/source": source,
          types: `${built}.d.ts`,
          default: `${built}.js`,
        });
        expect(existsSync(join(root, folder, source))).toBe(true);
      }
    });

    it("comes with a README, a licence and a line for the changelog", () => {
      const readme = join(root, folder, "README.md");
      expect(existsSync(readme), "README.md is missing").toBe(true);
      const text = readFileSync(readme, "utf8");
      expect(text.startsWith(`# ${manifest.name}\n`), "README.md starts with the package's name").toBe(true);
      expect(text).toContain(`npm install ${manifest.name}`);
      expect(existsSync(join(root, folder, "LICENSE")), "LICENSE is missing").toBe(true);
      const announced =
        existsSync(join(root, folder, "CHANGELOG.md")) ||
        changesets.some((text) => text.includes(`"${manifest.name}":`));
      expect(announced, "there is neither a changeset nor a changelog").toBe(true);
    });

    it("has tests", () => {
      expect(sources.filter((path) => path.endsWith(".test.ts"))).not.toEqual([]);
    });

    it("uses every package that its users install with it", () => {
      const text = sources
        .filter((path) => !isTestSource(path))
        .map((path) => readFileSync(join(root, folder, path), "utf8"))
        .join("\n");
      expect(Object.keys(manifest.dependencies ?? {}).filter((name) => !text.includes(name))).toEqual([]);
    });
  },
);

describe.each(packages.map((member) => [member.folder, member] as const))("%s, inside", (folder, member) => {
  const { manifest, sources } = member;
  const runtime = {
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.peerDependencies,
  };
  const modules = sources.map((path) => ({ path, ...readSourceModule(`${folder}/${path}`) }));

  it("depends on the workspace's packages in the one allowed direction", () => {
    const wrong = (["dependencies", "devDependencies"] as const).flatMap((kind) =>
      Object.keys(kind === "dependencies" ? runtime : (manifest.devDependencies ?? {})).filter((name) => {
        const target = byName.get(name);
        return target !== undefined && !mayDepend(member, target, kind);
      }),
    );
    expect(wrong).toEqual([]);
  });

  it("declares every package that it imports", () => {
    const forTests = { ...runtime, ...manifest.devDependencies };
    const undeclared = modules.flatMap(({ path, importedPackages }) =>
      importedPackages
        .filter((name) => name !== manifest.name)
        .filter((name) =>
          manifest.private === true || isTestSource(path)
            ? !(name in forTests) && !rootDevelopmentTools.includes(name)
            : !(name in runtime),
        )
        .map((name) => `${path} imports ${name}`),
    );
    expect(undeclared).toEqual([]);
  });

  it("keeps to one concept a file: of at most 300 lines (tests: 400), named in kebab-case", () => {
    const long = modules.filter(
      ({ path, lineCount }) => lineCount > mostLines(path) && !(`${folder}/${path}` in longFiles),
    );
    expect(long.map(({ path, lineCount }) => `${path}: ${lineCount} lines`)).toEqual([]);
    const misnamed = sources.filter(
      (path) => !/^([a-z0-9]+([-.][a-z0-9]+)*|__fixtures__)(\/|\.ts$)/.test(path) || /[A-Z]/.test(path),
    );
    expect(misnamed).toEqual([]);
  });

  it("exports by name: no default, no star, no enum, no namespace", () => {
    const wrong = modules
      .filter(
        (module) => module.hasDefaultExport || module.hasStarExport || module.runtimeTypeScript.length > 0,
      )
      .map(({ path }) => path);
    expect(wrong).toEqual([]);
  });
});
