import { InvalidOptionError, type JsonValue } from "@blockwise/spec";
import { type GraphNode, shape } from "./graph-node.js";
import { type GraphLayer, GraphWriter } from "./graph-writer.js";
import type { GraphTensor } from "./stored-tensor.js";

/** A depth at which a network is read besides its end, for the outputs `<name>.features` and `<name>.head`. */
export interface GraphDepth {
  /** What its outputs' names begin with. */
  readonly name: string;
  /** The id of the unit that it lies behind. */
  readonly after: string;
  /** What the map is read by there. @default null, no head */
  readonly head?: GraphLayer | null;
}

/** What a model is made from. */
export interface GraphModelOptions {
  /** The units to run, one after the other: a backbone's, from the first to the one that the model is cut after. */
  readonly units: readonly GraphLayer[];
  /** What the last unit's map is read by, for the output `head`. @default null, no such output */
  readonly head?: GraphLayer | null;
  /** Where it is read besides. @default [] */
  readonly depths?: readonly GraphDepth[];
  /** By full name, in PyTorch's axis order: what `exportWeights` of `@blockwise/core` gives. Borrowed. */
  readonly tensors: ReadonlyMap<string, GraphTensor>;
  /** `[height, width, channels]` of the images. */
  readonly imageShape: readonly number[];
  /** For whoever reads the model, such as what images are normalised by: `model.metadata` where it is loaded. @default {} */
  readonly metadata?: Readonly<Record<string, JsonValue>>;
}

/** An input or output, as `tensorflow.TensorInfo` is written in JSON. */
export interface GraphTensorInfo {
  /** The node's name, and `":0"`. */
  readonly name: string;
  /** Always float32. */
  readonly dtype: "DT_FLOAT";
  /** -1 for the batch's size. */
  readonly tensorShape: { readonly dim: readonly { readonly size: string }[] };
}

/** A model as TensorFlow.js has it in memory: `tf.io.ModelArtifacts`. */
export interface GraphModel {
  /** What kind of model it is. */
  readonly format: "graph-model";
  /** What the network was made with. */
  readonly generatedBy: string;
  /** What the model was made with. */
  readonly convertedBy: string;
  /** The graph: `tensorflow.GraphDef` in JSON. */
  readonly modelTopology: {
    readonly node: readonly GraphNode[];
    readonly versions: { readonly producer: number; readonly minConsumer: number };
  };
  /** Inputs and outputs by name. */
  readonly signature: {
    readonly inputs: Readonly<Record<string, GraphTensorInfo>>;
    readonly outputs: Readonly<Record<string, GraphTensorInfo>>;
  };
  /** What `metadata` said, and the order of the outputs. */
  readonly userDefinedMetadata: Readonly<Record<string, JsonValue>>;
  /** The constants, in the order of their values. */
  readonly weightSpecs: {
    readonly name: string;
    readonly shape: number[];
    readonly dtype: "float32" | "int32";
  }[];
  /** The constants' values, back to back. */
  readonly weightData: ArrayBuffer;
}

/** Of TensorFlow 2.9, whose operations these are; TensorFlow.js shows it as the model's version. */
const graphVersions = { producer: 1087, minConsumer: 12 };

/**
 * Writes a network, in evaluation mode, as a TensorFlow.js graph model of float32 with open batch size.
 *
 * Input `images` `[batch, height, width, channels]`, normalised. Outputs `map`, what the last unit puts out;
 * `features` `[batch, channels]`, its mean over height and width; `head` `[batch, dim]`, where a head is given; and the
 * same two for each of `depths`. `model.predict` gives all of them by name, `model.execute(images, name)` one.
 *
 * Batch norms are folded into the convolution or linear map before them.
 *
 * @throws InvalidOptionError for layers that do not describe themselves, or a depth that lies behind none of the units
 * @throws MissingStateError for a tensor that is not there; ShapeMismatchError for images that the units do not take
 * @example
 * const units = backbone.units.map(({ id, parameterPrefix: prefix, layer }) => ({ id, prefix, layer }));
 * const model = graphModel({ units, tensors: exportWeights(network), imageShape: [224, 224, 3] });
 * const loaded = await tf.loadGraphModel(tf.io.fromMemory(model));
 */
export function graphModel(options: GraphModelOptions): GraphModel {
  const { units, head = null, depths = [], tensors, imageShape, metadata = {} } = options;
  if (units.length === 0) {
    throw new InvalidOptionError({
      option: "units",
      expected: "a list of at least one unit",
      received: units,
    });
  }
  const unknown = depths.find(({ after }) => !units.some(({ id }) => id === after));
  if (unknown !== undefined) {
    throw new InvalidOptionError({
      option: "depths",
      expected: `depths behind one of ${units.map(({ id }) => id).join(", ")}`,
      received: unknown.after,
    });
  }
  const graph = new GraphWriter(tensors);
  let map = graph.node("images", "Placeholder", [], {
    dtype: { type: "DT_FLOAT" },
    shape: { shape: shape([-1, ...imageShape]) },
  });
  let mapShape = imageShape;
  const outputs: { readonly name: string; readonly value: string; readonly shape: readonly number[] }[] = [];
  const read = (prefix: string, layer: GraphLayer | null): void => {
    const [channels = 0] = mapShape.slice(-1);
    const value = graph.globalAverage(map, `${prefix}mean`);
    outputs.push({ name: `${prefix}features`, value, shape: [channels] });
    if (layer === null) return;
    const dim = layer.layer.outputShape(mapShape);
    outputs.push({ name: `${prefix}head`, value: graph.add(layer, map), shape: dim });
  };
  for (const unit of units) {
    mapShape = unit.layer.outputShape(mapShape);
    map = graph.add(unit, map);
    for (const depth of depths) if (depth.after === unit.id) read(`${depth.name}.`, depth.head ?? null);
  }
  outputs.push({ name: "map", value: map, shape: mapShape });
  read("", head);
  // Outputs have names of their own, whatever computes them.
  const named = outputs.map(({ name, value, shape }) => ({
    name,
    node: graph.node(name, "Identity", [value]),
    shape,
  }));
  return {
    format: "graph-model",
    generatedBy: "blockwise",
    convertedBy: "@blockwise/tfjs",
    modelTopology: { node: graph.nodes, versions: graphVersions },
    signature: {
      inputs: { images: tensorInfo("images", imageShape) },
      outputs: Object.fromEntries(named.map(({ name, node, shape }) => [name, tensorInfo(node, shape)])),
    },
    userDefinedMetadata: { ...metadata, structuredOutputKeys: named.map(({ name }) => name) },
    weightSpecs: graph.constants.map(({ name, shape, data }) => ({
      name,
      shape: [...shape],
      dtype: data instanceof Int32Array ? "int32" : "float32",
    })),
    weightData: joined(graph.constants.map(({ data }) => data)),
  };
}

function tensorInfo(node: string, sizes: readonly number[]): GraphTensorInfo {
  return { name: `${node}:0`, dtype: "DT_FLOAT", tensorShape: shape([-1, ...sizes]) };
}

function joined(parts: readonly (Float32Array | Int32Array)[]): ArrayBuffer {
  const bytes = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let position = 0;
  for (const { buffer, byteOffset, byteLength } of parts) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), position);
    position += byteLength;
  }
  return bytes.buffer;
}
