export { type CorruptionName, corruptionNames } from "./catalogue.js";
export {
  type CorruptedViewOptions,
  type CorruptedViewRecipe,
  corruptedView,
  corruptedViewFromRecipe,
} from "./corrupted-view.js";
export { type CorruptionOptions, corruption, type ImageCorruption, severities } from "./corruption.js";
export type { CorruptionScale, Severity } from "./corruption-definition.js";
