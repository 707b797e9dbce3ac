/** The kinds of plugin that a package can be made for. */
export type PackageKind =
  | "augmentation"
  | "backbone"
  | "data-source"
  | "evaluator"
  | "head"
  | "local-loss"
  | "optimizer"
  | "projector"
  | "schedule";

/** The kinds of plugin that a package can be made for, as values. */
export const packageKinds: readonly PackageKind[] = [
  "augmentation",
  "backbone",
  "data-source",
  "evaluator",
  "head",
  "local-loss",
  "optimizer",
  "projector",
  "schedule",
];
