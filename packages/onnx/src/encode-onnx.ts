import { InvalidOptionError } from "@blockwise/spec";
import { GraphWriter, type OnnxLayer, type OnnxTensor } from "./graph-writer.js";
import { modelMessage, valueMessage } from "./model-parts.js";

/** What a model is made from. */
export interface OnnxModelOptions {
  /** The units to run, one after the other: a backbone's, from the first to the one that the model is cut after. */
  readonly units: readonly OnnxLayer[];
  /** What the last unit's map is read by, for the output `head`. @default null, no such output */
  readonly head?: OnnxLayer | null;
  /** By full name, in PyTorch's axis order: what `exportWeights` of `@blockwise/core` gives. Borrowed. */
  readonly tensors: ReadonlyMap<string, OnnxTensor>;
  /** `[height, width, channels]` of the images. */
  readonly imageShape: readonly number[];
  /** `"first"` takes images as `[batch, channels, height, width]`, `"last"` as `[batch, height, width, channels]`. @default "first" */
  readonly channels?: "first" | "last";
  /** Texts for whoever reads the model: what images are normalised by. @default {} */
  readonly metadata?: Readonly<Record<string, string>>;
  /** @default "blockwise" */
  readonly name?: string;
}

/** The version of the operators' definitions that models ask for: ONNX 1.8, of 2020, and everything since reads it. */
export const onnxOpset = 13;
const irVersion = 7;

/** The format's limit for one message. */
const largestModel = 2 ** 31 - 1;

/**
 * Writes a network, in evaluation mode, as an ONNX model of float32 with open batch size.
 *
 * Input `images`, normalised. Outputs `map`, what the last unit puts out, in the images' axis order; `features`
 * `[batch, channels]`, its mean over height and width; and `head` `[batch, dim]`, where a head is given. Weights keep
 * their names.
 *
 * @throws InvalidOptionError for layers that do not describe themselves, or a model of 2 GiB or more
 * @throws MissingStateError for a tensor that is not there; ShapeMismatchError for images that the units do not take
 * @example
 * const units = backbone.units.map(({ id, parameterPrefix: prefix, layer }) => ({ id, prefix, layer }));
 * await writeFile("model.onnx", encodeOnnx({ units, tensors: exportWeights(network), imageShape: [224, 224, 3] }));
 */
export function encodeOnnx(options: OnnxModelOptions): Uint8Array {
  const { units, head = null, tensors, imageShape, channels = "first", metadata = {} } = options;
  const { name = "blockwise" } = options;
  if (units.length === 0) {
    throw new InvalidOptionError({
      option: "units",
      expected: "a list of at least one unit",
      received: units,
    });
  }
  const last = channels === "last";
  const graph = new GraphWriter(tensors);
  let map = last ? transposed(graph, "images", [0, 3, 1, 2]) : "images";
  let mapShape = imageShape;
  for (const unit of units) {
    mapShape = unit.layer.outputShape(mapShape);
    map = graph.add(unit, map);
  }
  const [height = 0, width = 0, mapChannels = 0] = mapShape;
  const outputs: (readonly [string, string, readonly (number | string)[]])[] = [
    [
      "map",
      last ? transposed(graph, map, [0, 2, 3, 1]) : map,
      last ? ["batch", height, width, mapChannels] : ["batch", mapChannels, height, width],
    ],
    ["features", graph.globalAverage(map, "features"), ["batch", mapChannels]],
  ];
  if (head !== null) {
    outputs.push(["head", graph.add(head, map), ["batch", ...head.layer.outputShape(mapShape)]]);
  }
  // Outputs have names of their own, whatever computes them.
  for (const [output, value] of outputs) graph.nodes.push({ type: "Identity", inputs: [value], output });
  const [imageHeight = 0, imageWidth = 0, imageChannels = 0] = imageShape;
  const model = modelMessage({
    name,
    nodes: graph.nodes,
    constants: graph.constants,
    inputs: [
      valueMessage(
        "images",
        last
          ? ["batch", imageHeight, imageWidth, imageChannels]
          : ["batch", imageChannels, imageHeight, imageWidth],
      ),
    ],
    outputs: outputs.map(([output, , shape]) => valueMessage(output, shape)),
    metadata,
    irVersion,
    opset: onnxOpset,
  });
  if (model.byteLength > largestModel) {
    throw new InvalidOptionError({
      option: "units",
      expected: `units whose weights fit into a model of ${largestModel} bytes`,
      received: model.byteLength,
    });
  }
  return model.encode();
}

function transposed(graph: GraphWriter, input: string, order: readonly number[]): string {
  return graph.node({ type: "Transpose", inputs: [input], attributes: { perm: order } }, "images");
}
