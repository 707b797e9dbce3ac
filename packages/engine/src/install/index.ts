export type { InstalledVariant } from "../installed/engines-folder.js";
export type { EngineManifest, InstalledEngine } from "../installed/installed-engine.js";
export { type EngineState, engineState } from "./engine-state.js";
export { type InstallEngineOptions, type InstallResult, installEngine } from "./install-engine.js";
export { type KernelsState, kernelsState } from "./kernels-state.js";
export { removeEngine } from "./remove-engine.js";
