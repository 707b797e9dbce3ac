import { ProtobufMessage } from "./protobuf.js";

/** Field numbers and codes are those of `onnx.proto3`. @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3 */
const float = 1;
const attributeType = { float: 1, int: 2, ints: 7 } as const;

/** What a node's attribute may be here. Lists are of whole numbers. */
export type NodeAttribute = { readonly float: number } | { readonly int: number } | readonly number[];

/** One operation of a graph. */
export interface ModelNode {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, NodeAttribute>>;
}

/** `NodeProto` */
function nodeMessage({ type, inputs, output, attributes = {} }: ModelNode): ProtobufMessage {
  const node = new ProtobufMessage();
  for (const input of inputs) node.text(1, input);
  node.text(2, output).text(3, output).text(4, type);
  for (const [name, value] of Object.entries(attributes)) node.message(5, attributeMessage(name, value));
  return node;
}

/** `AttributeProto` */
function attributeMessage(name: string, value: NodeAttribute): ProtobufMessage {
  const attribute = new ProtobufMessage().text(1, name);
  if ("float" in value) return attribute.float(2, value.float).integer(20, attributeType.float);
  if ("int" in value) return attribute.integer(3, value.int).integer(20, attributeType.int);
  for (const item of value) attribute.integer(8, item);
  return attribute.integer(20, attributeType.ints);
}

/** A constant of a graph: `TensorProto` of float32. `data` is borrowed until the model is encoded. */
export function tensorMessage(name: string, shape: readonly number[], data: Float32Array): ProtobufMessage {
  const tensor = new ProtobufMessage();
  for (const size of shape) tensor.integer(1, size);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return tensor.integer(2, float).text(8, name).bytes(9, bytes);
}

/** `ValueInfoProto` of float32; axes that are texts are open. */
export function valueMessage(name: string, shape: readonly (number | string)[]): ProtobufMessage {
  const dimensions = new ProtobufMessage();
  for (const size of shape) {
    const dimension = new ProtobufMessage();
    if (typeof size === "string") dimension.text(2, size);
    else dimension.integer(1, size);
    dimensions.message(1, dimension);
  }
  const tensorType = new ProtobufMessage().integer(1, float).message(2, dimensions);
  return new ProtobufMessage().text(1, name).message(2, new ProtobufMessage().message(1, tensorType));
}

/** The parts of a model. */
export interface ModelParts {
  readonly name: string;
  readonly nodes: readonly ModelNode[];
  readonly constants: readonly ProtobufMessage[];
  readonly inputs: readonly ProtobufMessage[];
  readonly outputs: readonly ProtobufMessage[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly irVersion: number;
  readonly opset: number;
}

/** `ModelProto` */
export function modelMessage(parts: ModelParts): ProtobufMessage {
  const graph = new ProtobufMessage();
  for (const node of parts.nodes) graph.message(1, nodeMessage(node));
  graph.text(2, parts.name);
  for (const constant of parts.constants) graph.message(5, constant);
  for (const input of parts.inputs) graph.message(11, input);
  for (const output of parts.outputs) graph.message(12, output);
  const model = new ProtobufMessage().integer(1, parts.irVersion).text(2, "blockwise").message(7, graph);
  model.message(8, new ProtobufMessage().text(1, "").integer(2, parts.opset));
  for (const [key, value] of Object.entries(parts.metadata))
    model.message(14, new ProtobufMessage().text(1, key).text(2, value));
  return model;
}
