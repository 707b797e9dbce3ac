export { openPth, type PthFile, type PthOptions, type PthTensor, readPth } from "./open-pth.js";
