import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root: string = fileURLToPath(new URL("../../..", import.meta.url));

/** What the checks read of a `package.json`. */
export interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly keywords?: readonly string[];
  readonly files?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** A package of this workspace. */
export interface WorkspacePackage {
  /** `"packages/core"`. */
  readonly folder: string;
  readonly group: "packages" | "apps" | "tools";
  readonly manifest: Manifest;
  /** Paths of its TypeScript sources, relative to its folder, tests included. */
  readonly sources: readonly string[];
}

/** The packages that this repository has now. */
export function listWorkspacePackages(): readonly WorkspacePackage[] {
  return (["packages", "apps", "tools"] as const).flatMap((group) => {
    if (!existsSync(join(root, group))) return [];
    return readdirSync(join(root, group))
      .map((name) => `${group}/${name}`)
      .filter((folder) => existsSync(join(root, folder, "package.json")))
      .map((folder) => ({ folder, group, manifest: readManifest(folder), sources: listSources(folder) }));
  });
}

/** The packages of `examples/`, which are other people's: no members of this workspace. */
export function listExamples(): readonly Omit<WorkspacePackage, "group">[] {
  return readdirSync(join(root, "examples"))
    .map((name) => `examples/${name}`)
    .filter((folder) => existsSync(join(root, folder, "package.json")))
    .map((folder) => ({ folder, manifest: readManifest(folder), sources: listSources(folder) }));
}

/** Reads the manifest of a folder, which is relative to the root. */
export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Manifest;
}

function listSources(folder: string): readonly string[] {
  return ["src", "test"]
    .map((name) => join(root, folder, name))
    .filter((path) => existsSync(path))
    .flatMap((path) =>
      readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
        .map((entry) => join(entry.parentPath, entry.name)),
    )
    .map((path) => relative(join(root, folder), path).replaceAll("\\", "/"))
    .sort();
}

/** Whether a source is there for tests alone, and so not part of what is published. */
export function isTestSource(path: string): boolean {
  return (
    /\.test(-d)?\.ts$/.test(path) ||
    dirname(path)
      .split("/")
      .some((part) => /^(__fixtures__|test)$/.test(part))
  );
}
