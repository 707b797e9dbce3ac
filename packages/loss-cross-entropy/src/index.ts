export { type CrossEntropyOptions, crossEntropy } from "./cross-entropy.js";
