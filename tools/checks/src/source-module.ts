import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { parseSync } from "oxc-parser";
import { root } from "./workspace-packages.js";

/** What the checks look at in a source file. */
export interface SourceModule {
  readonly lineCount: number;
  /** Names of the packages it imports: not Node's own modules, not its neighbours. */
  readonly importedPackages: readonly string[];
  readonly hasDefaultExport: boolean;
  /** Whether it exports everything of another module (`export * from`). */
  readonly hasStarExport: boolean;
  /** Enums and namespaces at its top level: TypeScript that is not only types. */
  readonly runtimeTypeScript: readonly string[];
}

/** Reads a source file; `path` is relative to the root. */
export function readSourceModule(path: string): SourceModule {
  return parseSourceModule(path, readFileSync(join(root, path), "utf8"));
}

/** Reads the text of a source file. */
export function parseSourceModule(path: string, text: string): SourceModule {
  const { module, program } = parseSync(path, text);
  const exported = module.staticExports.flatMap(({ entries }) => entries);
  const specifiers = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...exported.flatMap(({ moduleRequest }) => (moduleRequest ? [moduleRequest.value] : [])),
    ...module.dynamicImports.flatMap(({ moduleRequest }) =>
      literal(text.slice(moduleRequest.start, moduleRequest.end)),
    ),
  ];
  return {
    lineCount: text.trimEnd().split("\n").length,
    importedPackages: [...new Set(specifiers.flatMap(packageOf))].sort(),
    hasDefaultExport: exported.some(
      ({ exportName }) => exportName.kind === "Default" || exportName.name === "default",
    ),
    hasStarExport: exported.some(({ importName }) => importName.kind === "AllButDefault"),
    runtimeTypeScript: program.body
      .map((statement) =>
        "declaration" in statement && statement.declaration ? statement.declaration : statement,
      )
      .filter(
        (node) => node.type === "TSEnumDeclaration" || (node.type === "TSModuleDeclaration" && !node.declare),
      )
      .map(({ type }) => type),
  };
}

/** The value of a string literal in source form; nothing for other expressions. */
function literal(source: string): readonly string[] {
  const match = /^["'`]([^"'`$]+)["'`]$/.exec(source.trim());
  return match?.[1] === undefined ? [] : [match[1]];
}

function packageOf(specifier: string): readonly string[] {
  if (/^[./]|^[a-z]+:/.test(specifier) || isBuiltin(specifier)) return [];
  const parts = specifier.split("/");
  return [parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/")];
}
