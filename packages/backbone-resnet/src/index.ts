export { type Architecture, architectures, type ResNetDepth } from "./architectures.js";
export { resnetOptionsOf, type WeightsResNetOptions } from "./options-of-weights.js";
export { type ResNetOptions, resnet } from "./resnet.js";
export type { StemKind } from "./stem.js";
