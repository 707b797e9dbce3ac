export { encodeOnnx, type OnnxModelOptions, onnxOpset } from "./encode-onnx.js";
export type { OnnxLayer, OnnxTensor } from "./graph-writer.js";
