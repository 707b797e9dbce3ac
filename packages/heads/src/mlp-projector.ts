import { type BatchNormLayer, batchNorm, chainCost, type DescribedLayer, linear } from "@blockwise/layers";
import { InvalidOptionError, type LayerV1, type ProjectorV1, ShapeMismatchError } from "@blockwise/spec";

/** How a projector is built. */
export interface MlpProjectorOptions {
  /** Widths of the layers, the last one the embedding's. @default [8192, 8192, 8192] */
  readonly widths?: readonly number[];
  /**
   * Whether the blocks' projectors start from weights of their own or all from the same, where their layers have the
   * same shapes. @default "separate"
   */
  readonly initialization?: "separate" | "shared";
}

/**
 * The projector of Barlow Twins: linear maps without bias, batch norm and ReLU between them,
 * `[batch, dim] -> [batch, widths.at(-1)]`.
 *
 * Parameters are named as in a `Sequential` of linear, norm, ReLU, linear, ...: `0.weight`, `1.weight`, `1.bias`,
 * `3.weight` and so on.
 *
 * With `initialization: "shared"` layers of the same place and shape start alike in all blocks and then go their own
 * ways, as in the authors' code, which copies one projector for every block. By default each starts by itself.
 *
 * @throws InvalidOptionError
 * @see Zbontar et al., "Barlow Twins", 2021, arXiv 2103.03230, section 2.2; Siddiqui et al., "Blockwise Self-Supervised
 * Learning at Scale", 2024, arXiv 2302.01647, the authors' `main.py`, b3bb944 (copies).
 * @example
 * const projector = mlpProjector({ widths: [512, 512, 512] });
 */
export function mlpProjector(options: MlpProjectorOptions = {}): ProjectorV1 {
  const { widths = [8192, 8192, 8192], initialization = "separate" } = options;
  const valid =
    Array.isArray(widths) &&
    widths.length > 0 &&
    widths.every((width) => Number.isSafeInteger(width) && width > 0);
  if (!valid) {
    throw new InvalidOptionError({
      option: "widths",
      expected: "a list of at least one whole number above 0",
      received: widths,
    });
  }
  if (initialization !== "separate" && initialization !== "shared") {
    throw new InvalidOptionError({
      option: "initialization",
      expected: '"separate" or "shared"',
      received: initialization,
    });
  }
  // The caller may go on to change its list; the options that runs are described by must stay true.
  const own = [...widths];
  return {
    specificationVersion: "v1",
    kind: "projector",
    id: "mlp",
    options: { widths: own, initialization },
    doCreate: ({ inputShape }) => {
      const [inputDim] = inputShape;
      if (inputDim === undefined || inputShape.length !== 1) {
        throw new ShapeMismatchError({
          subject: "Input of the projector",
          expected: "[dim]",
          received: inputShape,
        });
      }
      const layer = projectorLayer(inputDim, own);
      return initialization === "shared" ? startingAlike(layer) : layer;
    },
  };
}

/** Other shapes start differently: the same draws cut into other rows would be neither the same start nor another. */
function startingAlike(layer: LayerV1): LayerV1 {
  const parameters = layer.parameters.map((spec) => ({
    ...spec,
    startsAs: `projector.*.${spec.name} ${spec.shape.join("x")}`,
  }));
  return { ...layer, parameters };
}

function projectorLayer(inputDim: number, widths: readonly number[]): LayerV1 {
  const layers: { readonly map: DescribedLayer; readonly norm: BatchNormLayer | null }[] = [];
  let width = inputDim;
  for (const [index, next] of widths.entries()) {
    const last = index === widths.length - 1;
    layers.push({
      map: linear({ name: String(3 * index), inputDim: width, outputDim: next }),
      norm: last ? null : batchNorm({ name: String(3 * index + 1), channels: next }),
    });
    width = next;
  }
  return {
    parameters: layers.flatMap(({ map, norm }) => [...map.parameters, ...(norm?.parameters ?? [])]),
    buffers: layers.flatMap(({ norm }) => norm?.buffers ?? []),
    outputShape: (inputShape) => layers.reduce((shape, { map }) => map.outputShape(shape), inputShape),
    ...chainCost(layers.flatMap(({ map, norm }) => (norm === null ? [map] : [map, norm]))),
    describe: (input) =>
      layers.reduce((value, { map, norm }) => {
        const mapped = map.describe(value);
        return norm === null ? mapped : norm.describe(mapped, { rank: 2, activation: "relu" });
      }, input),
    apply: (x, context) =>
      layers.reduce((value, { map, norm }) => {
        const mapped = map.apply(value, context);
        return norm === null ? mapped : norm.apply(mapped, context, { activation: "relu" });
      }, x),
  };
}
