export { type CreatePluginOptions, createPlugin } from "./create-plugin.js";
export { type PackageKind, packageKinds } from "./plugin-kinds.js";
