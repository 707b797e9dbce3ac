/*
 * Kernels on tensors in the memory of the TensorFlow.js wasm backend, which this module imports. Addresses and sizes
 * come from outside; the module itself owns no memory (no data segments, no allocator), so it cannot collide with
 * the backend's.
 */
export {
  coefficients,
  gradientCoefficients,
  gradientInput,
  gradientSums,
  normalize,
  normalizePool,
  statistics,
} from "./batch-norm";
export { maxPool, maxPoolGradient } from "./max-pool";
export { buildRowTable, multiplyBlock } from "./multiply";
export { copyPadded, packPanels, transpose } from "./pack";
export { reduceBlock } from "./reduce";
export { addSums, divideSums } from "./sum";
export { multiplyPlaces, winogradOutputs, winogradTaps } from "./winograd";
export { winogradGradients, winogradOutputGradients, winogradProducts } from "./winograd-filter-gradient";
export { winogradInputs } from "./winograd-inputs";

/** Sets `bytes` bytes to zero. */
export function clear(address: usize, bytes: usize): void {
  memory.fill(address, 0, bytes);
}
