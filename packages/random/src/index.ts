export { fillNormal, fillUniform } from "./fill.js";
export { generator } from "./generator.js";
export { fold, type RandomKey, rootKey } from "./key.js";
export { permutation } from "./permutation.js";
