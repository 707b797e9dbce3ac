export {
  type GraphDepth,
  type GraphModel,
  type GraphModelOptions,
  type GraphTensorInfo,
  graphModel,
} from "./graph-model.js";
export type { AttributeValue, GraphNode } from "./graph-node.js";
export type { GraphLayer } from "./graph-writer.js";
export { modelFiles } from "./model-files.js";
export type { GraphTensor } from "./stored-tensor.js";
