import type { ParameterSpecV1 } from "@blockwise/spec";

/** Whether a parameter is a bias, a gain, a shift or a scalar: what weight decay and trust ratio usually leave alone. */
export function isOneDimensional(spec: ParameterSpecV1): boolean {
  return spec.shape.length <= 1;
}
