import { fileURLToPath } from "node:url";
import { listEntryPoints } from "./entry-points.mjs";
import { nameReflections } from "./name-reflections.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const entryPoints = listEntryPoints(root);

/**
 * Writes one Markdown page an export, for a site of VitePress, from the sources: nothing has to be built before.
 * `check.mjs` looks for what is missing in them.
 *
 * @type {Partial<import("typedoc").TypeDocOptions & import("typedoc-plugin-markdown").PluginOptions>}
 */
export default {
  name: "Reference",
  entryPoints: entryPoints.map(({ source }) => source),
  tsconfig: fileURLToPath(new URL("tsconfig.json", import.meta.url)),
  plugin: ["typedoc-plugin-markdown", (app) => nameReflections(app, entryPoints)],
  out: fileURLToPath(new URL("dist", import.meta.url)),
  logLevel: "Warn",
  readme: "none",
  disableSources: true,
  disableGit: true,
  excludePrivate: true,
  // What classes inherit from JavaScript's own, such as `Error.stackTraceLimit`.
  excludeExternals: true,

  // What is missing is the business of `check.mjs`.
  validation: false,
  packagesRequiringDocumentation: [...new Set(entryPoints.map(({ name }) => name))],
  requiredToBeDocumented: [
    "Accessor",
    "Class",
    "Function",
    "Interface",
    "Method",
    "Property",
    "TypeAlias",
    "Variable",
  ],

  entryFileName: "index",
  hidePageHeader: true,
  hideBreadcrumbs: true,
  parametersFormat: "table",
  sanitizeComments: true,
  useHTMLEncodedBrackets: true,
};
