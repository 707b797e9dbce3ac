export { type VggOptions, vgg } from "./backbone-vgg.js";
