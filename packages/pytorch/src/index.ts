export { type NamedCheckpoint, nameCheckpoint } from "./name-checkpoint.js";
export { openPth, type PthFile, type PthOptions, type PthTensor, readPth } from "./open-pth.js";
