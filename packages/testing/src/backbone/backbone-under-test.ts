import type { BackboneUnitV1, BackboneV1 } from "@blockwise/spec";
import type { NamedLayer } from "../layer/run-layer-checks.js";

/** A backbone, and the images that it is tried out on. */
export interface BackboneUnderTest {
  /** What is tested. */
  readonly backbone: BackboneV1;
  /** `[height, width]` of the images. */
  readonly imageSize: readonly [height: number, width: number];
  /** How many random images it is given. */
  readonly batchSize: number;
  /** Of the random input. */
  readonly seed: number;
}

/** Each unit with the shape that the units before it make of an image. */
export function unitsUnderTest({ backbone, imageSize, batchSize, seed }: BackboneUnderTest): NamedLayer[] {
  let inputShape: readonly number[] = [...imageSize, backbone.inputChannels];
  return backbone.units.map(({ id, layer }, place) => {
    const test = { name: `unit ${id}`, layer, inputShape, batchSize, seed: seed + place };
    inputShape = layer.outputShape(inputShape);
    return test;
  });
}

/** The names that a unit's parameters and buffers have in files. */
export function namesInFiles({ parameterPrefix, layer }: BackboneUnitV1): string[] {
  return [...layer.parameters, ...layer.buffers].map(({ name }) => parameterPrefix + name);
}
