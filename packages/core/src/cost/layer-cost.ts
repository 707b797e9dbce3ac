import type { LayerV1, ParameterSpecV1 } from "@blockwise/spec";

/** The values of one sample of such a shape, or of a parameter. */
export function sizeOfShape(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** How many numbers parameters hold. */
export function countParameters(parameters: readonly ParameterSpecV1[]): number {
  return parameters.reduce((sum, { shape }) => sum + sizeOfShape(shape), 0);
}

/**
 * Multiplications, each with its addition, of one sample's forward pass through a layer: what it says itself
 * (`LayerV1.multiplyAdds`), else the size of each linear weight, and of each convolution's times the places of the map
 * that the layer puts out (of its input where it puts out a vector). That estimate is too low where a convolution strides
 * after others.
 */
export function multiplyAddsOf(layer: LayerV1, inputShape: readonly number[]): number {
  if (layer.multiplyAdds !== undefined) return layer.multiplyAdds(inputShape);
  return weightsOf(layer).reduce(
    (sum, weight) => sum + sizeOfShape(weight.shape) * placesOf(layer, weight, inputShape),
    0,
  );
}

/**
 * How many values of one sample the backward pass of a layer needs that its forward pass computes, at so many images a
 * batch (left out, few): what it says itself
 * (`LayerV1.activationSize`), else twice the outputs of each convolution and linear map (before and after a norm), and at
 * least its own output.
 */
export function activationSizeOf(layer: LayerV1, inputShape: readonly number[], batchSize?: number): number {
  if (layer.activationSize !== undefined) return layer.activationSize(inputShape, batchSize);
  const estimate = weightsOf(layer).reduce(
    (sum, weight) => sum + 2 * (weight.shape.at(-1) ?? 0) * placesOf(layer, weight, inputShape),
    0,
  );
  return Math.max(estimate, sizeOfShape(layer.outputShape(inputShape)));
}

function weightsOf({ parameters }: LayerV1): readonly ParameterSpecV1[] {
  return parameters.filter(({ layout }) => layout !== "plain");
}

function placesOf(layer: LayerV1, { layout }: ParameterSpecV1, inputShape: readonly number[]): number {
  if (layout === "linear") return 1;
  const output = layer.outputShape(inputShape);
  const map = output.length === 3 ? output : inputShape;
  return sizeOfShape(map.slice(0, -1));
}
