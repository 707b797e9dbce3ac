import { InvalidOptionError, type LayerV1, type LayerValueV1, MissingStateError } from "@blockwise/spec";
import { type ModelNode, tensorMessage } from "./model-parts.js";
import type { ProtobufMessage } from "./protobuf.js";

/** A tensor in PyTorch's axis order, which is ONNX's. */
export interface OnnxTensor {
  /** Lengths of the axes. */
  readonly shape: readonly number[];
  /** The values, last axis fastest. */
  readonly data: Float32Array;
}

/** A layer, what stands before its parameters' names, and what it is called in errors. */
export interface OnnxLayer {
  /** What errors call it. */
  readonly id: string;
  /** Empty, or it ends in a full stop. */
  readonly prefix: string;
  /** It has to describe what it computes. */
  readonly layer: LayerV1;
}

/** Gathers the nodes and constants of a graph, layer by layer. Maps are `[batch, channels, height, width]` in it. */
export class GraphWriter {
  readonly nodes: ModelNode[] = [];
  readonly constants: ProtobufMessage[] = [];
  readonly #tensors: ReadonlyMap<string, OnnxTensor>;
  readonly #written = new Set<string>();
  #count = 0;

  constructor(tensors: ReadonlyMap<string, OnnxTensor>) {
    this.#tensors = tensors;
  }

  /** Adds what a layer computes from the value `input`, and says what its result is called. */
  add({ id, prefix, layer }: OnnxLayer, input: string): string {
    if (layer.describe === undefined) {
      throw new InvalidOptionError({
        option: "layers",
        expected: "layers that describe what they compute (LayerV1.describe)",
        received: id,
      });
    }
    const source: LayerValueV1 = { operation: "input" };
    return this.#write(layer.describe(source), new Map([[source, input]]), id, prefix);
  }

  /** Adds one node. */
  node(node: Omit<ModelNode, "output">, id: string): string {
    const output = `${id}/${node.type}_${this.#count}`;
    this.#count += 1;
    this.nodes.push({ ...node, output });
    return output;
  }

  #write(value: LayerValueV1, done: Map<LayerValueV1, string>, id: string, prefix: string): string {
    const known = done.get(value);
    if (known !== undefined) return known;
    const name = this.#operation(value, (inner) => this.#write(inner, done, id, prefix), id, prefix);
    done.set(value, name);
    return name;
  }

  #operation(
    value: LayerValueV1,
    write: (value: LayerValueV1) => string,
    id: string,
    prefix: string,
  ): string {
    const constant = (name: string): string => this.#constant(prefix + name);
    switch (value.operation) {
      case "input":
        throw new InvalidOptionError({
          option: "layers",
          expected: "layers that describe themselves in terms of the value that they are given",
          received: id,
        });
      case "convolution":
        return this.node(
          {
            type: "Conv",
            inputs: [write(value.input), constant(value.weight)],
            attributes: windowAttributes(value.kernelSize, value),
          },
          id,
        );
      case "batch-norm": {
        const inputs = [value.scale, value.offset, value.mean, value.variance].map(constant);
        const attributes = { epsilon: { float: value.epsilon } };
        return this.node(
          { type: "BatchNormalization", inputs: [write(value.input), ...inputs], attributes },
          id,
        );
      }
      case "relu":
        return this.node({ type: "Relu", inputs: [write(value.input)] }, id);
      case "add":
        return this.node({ type: "Add", inputs: value.inputs.map(write) }, id);
      case "max-pool":
        return this.node(
          { type: "MaxPool", inputs: [write(value.input)], attributes: windowAttributes(value.size, value) },
          id,
        );
      case "global-average":
        return this.globalAverage(write(value.input), id);
      case "grid-sum": {
        // Maps have their channels first here: each side is one product, of all channels alike.
        const rows = this.#weights(value.rows, `${id}/rows`);
        const columns = this.#weights(transposed(value.columns), `${id}/columns`);
        const byRow = this.node({ type: "MatMul", inputs: [rows, write(value.input)] }, id);
        const cells = this.node({ type: "MatMul", inputs: [byRow, columns] }, id);
        return this.node({ type: "Flatten", inputs: [cells], attributes: { axis: { int: 1 } } }, id);
      }
      case "linear": {
        const attributes = { transB: { int: 1 } };
        return this.node(
          { type: "Gemm", inputs: [write(value.input), constant(value.weight)], attributes },
          id,
        );
      }
    }
  }

  /** The mean of a map over height and width: `[batch, channels]`. */
  globalAverage(input: string, id: string): string {
    const mean = this.node({ type: "GlobalAveragePool", inputs: [input] }, id);
    return this.node({ type: "Flatten", inputs: [mean], attributes: { axis: { int: 1 } } }, id);
  }

  /** A constant that a description holds itself. */
  #weights(matrix: readonly (readonly number[])[], name: string): string {
    const own = `${name}_${this.#count}`;
    this.#count += 1;
    const shape = [matrix.length, matrix[0]?.length ?? 0];
    this.constants.push(tensorMessage(own, shape, Float32Array.from(matrix.flat())));
    return own;
  }

  #constant(name: string): string {
    if (this.#written.has(name)) return name;
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) {
      throw new MissingStateError(`The weights lack "${name}". Give those of the whole network.`, {
        missing: name,
      });
    }
    this.#written.add(name);
    this.constants.push(tensorMessage(name, tensor.shape, tensor.data));
    return name;
  }
}

function transposed(matrix: readonly (readonly number[])[]): number[][] {
  return (matrix[0] ?? []).map((_, column) => matrix.map((row) => row[column] ?? Number.NaN));
}

function windowAttributes(
  size: number,
  { stride, padding }: { readonly stride: number; readonly padding: number },
): Readonly<Record<string, readonly number[]>> {
  return {
    kernel_shape: [size, size],
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
  };
}
