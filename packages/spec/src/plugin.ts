import type { JsonObject } from "./json.js";

/** The version of the interfaces in this package. A plugin states the one it was written for. */
export type SpecificationVersion = "v1";

/** The version of the interfaces in this package, as a value. */
export const specificationVersion: SpecificationVersion = "v1";

/** What kinds of plugin there are. */
export type PluginKind =
  | "augmentation"
  | "backbone"
  | "data-source"
  | "engine"
  | "evaluator"
  | "head"
  | "local-loss"
  | "optimizer"
  | "projector"
  | "schedule"
  | "callback";

/** What every plugin says about itself; the core checks it once, when a run is wired. */
export interface PluginV1<Kind extends PluginKind> {
  /** The version of the interfaces the plugin was written for. */
  readonly specificationVersion: "v1";
  /** What kind of plugin it is, and so which interface it has. */
  readonly kind: Kind;
  /** A short kebab-case name, the same as the package's last part, for logs and results. */
  readonly id: string;
  /** The options in force, defaults filled in: written into results and checkpoints. */
  readonly options: JsonObject;
}
