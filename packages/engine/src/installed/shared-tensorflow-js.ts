import * as core from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";

/** Under which an installed engine's stand-in packages find the TensorFlow.js that loads them. */
export const sharedTensorFlowJs: string = "blockwise.tensorflow-js.v1";

/**
 * Code of the packages that stand in for `@tensorflow/tfjs` and `@tensorflow/tfjs-core` beside an installed
 * `@tensorflow/tfjs-node`. A backend can be used only by the copy of tfjs-core that it registers with, so an installed
 * engine holds no copy: it takes that of whoever loads it, wherever that one is installed.
 */
export const standInCode: string = `"use strict";
const shared = globalThis[Symbol.for(${JSON.stringify(sharedTensorFlowJs)})];
if (shared === undefined) throw new Error("This engine is loaded by @blockwise/engine only, whose TensorFlow.js it uses.");
module.exports = shared;
`;

/** Lets the stand-in packages of an installed engine find this copy of TensorFlow.js. */
export function shareTensorFlowJs(): void {
  const shared = Symbol.for(sharedTensorFlowJs);
  (globalThis as { [shared]?: unknown })[shared] = {
    ...core,
    ...layers,
    version: { tfjs: core.version_core },
  };
}
