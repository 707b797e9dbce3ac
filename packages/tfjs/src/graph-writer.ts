import { InvalidOptionError, type LayerV1, type LayerValueV1, MissingStateError } from "@blockwise/spec";
import { countUses } from "./count-uses.js";
import { type AttributeValue, float, type GraphNode, integers, shape, text, texts } from "./graph-node.js";
import { gridWeights } from "./grid-weights.js";
import { matrixAttributes, windowAttributes } from "./product-attributes.js";
import { type GraphTensor, outputLast } from "./stored-tensor.js";

/** A layer, what stands before its parameters' names, and what it is called in errors. */
export interface GraphLayer {
  /** What it is called in errors and in the graph. */
  readonly id: string;
  /** What stands before its parameters' names. */
  readonly prefix: string;
  /** It has to describe itself. */
  readonly layer: LayerV1;
}

/** A constant of a graph, in TensorFlow's axis order. */
export interface GraphConstant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

type Norm = Extract<LayerValueV1, { readonly operation: "batch-norm" }>;
type Product = Extract<LayerValueV1, { readonly operation: "convolution" | "linear" }>;

/** The lowest float32: to maxima it is minus infinity, which not every WebGL has. */
const lowest = -3.4028234663852886e38;

/** Gathers the nodes and constants of a graph, layer by layer. Maps are `[batch, height, width, channels]` in it. */
export class GraphWriter {
  readonly nodes: GraphNode[] = [];
  readonly constants: GraphConstant[] = [];
  readonly #tensors: ReadonlyMap<string, GraphTensor>;
  readonly #names = new Set<string>();
  readonly #known = new Map<string, string>();

  constructor(tensors: ReadonlyMap<string, GraphTensor>) {
    this.#tensors = tensors;
  }

  /** Adds what a layer computes from the value `input`, and says what its result is called. */
  add({ id, prefix, layer }: GraphLayer, input: string): string {
    if (layer.describe === undefined) {
      throw new InvalidOptionError({
        option: "layers",
        expected: "layers that describe what they compute (LayerV1.describe)",
        received: id,
      });
    }
    const source: LayerValueV1 = { operation: "input" };
    const value = layer.describe(source);
    return new LayerWriter(this, id, prefix, countUses(value), new Map([[source, input]])).write(value);
  }

  /** Adds one operation, under this name or one like it, and says which. */
  node(
    name: string,
    op: string,
    input: readonly string[],
    attr: Readonly<Record<string, AttributeValue>> = { T: float },
  ): string {
    const own = this.#nameLike(name);
    this.nodes.push({ name: own, op, input, attr });
    return own;
  }

  /** The mean of a map over height and width: `[batch, channels]`. */
  globalAverage(input: string, name: string): string {
    const axes = this.constant("axes", "axes", () => ({ shape: [2], data: Int32Array.of(1, 2) }));
    return this.node(name, "Mean", [input, axes], { T: float, keep_dims: { b: false } });
  }

  /** The constant of this key, made where it is not there yet, under this name or one like it. */
  constant(key: string, name: string, make: () => Omit<GraphConstant, "name">): string {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const constant = { name: this.#nameLike(name), ...make() };
    this.#known.set(key, constant.name);
    this.constants.push(constant);
    const dtype: AttributeValue = constant.data instanceof Int32Array ? { type: "DT_INT32" } : float;
    this.nodes.push({
      name: constant.name,
      op: "Const",
      input: [],
      attr: { dtype, value: { shape: shape(constant.shape) } },
    });
    return constant.name;
  }

  /** Of the given weights. @throws MissingStateError */
  tensor(name: string): GraphTensor {
    const tensor = this.#tensors.get(name);
    if (tensor !== undefined) return tensor;
    throw new MissingStateError(`The weights lack "${name}". Give those of the whole network.`, {
      missing: name,
    });
  }

  /** TensorFlow.js reads a colon as an output's number, and a caret as an order of things. */
  #nameLike(name: string): string {
    const plain = name.replace(/[^\w./-]/g, "_");
    let own = plain;
    for (let count = 1; this.#names.has(own); count++) own = `${plain}_${count}`;
    this.#names.add(own);
    return own;
  }
}

/** Writes what one layer computes. */
class LayerWriter {
  readonly #graph: GraphWriter;
  readonly #id: string;
  readonly #prefix: string;
  readonly #uses: ReadonlyMap<LayerValueV1, number>;
  readonly #done: Map<LayerValueV1, string>;

  constructor(
    graph: GraphWriter,
    id: string,
    prefix: string,
    uses: ReadonlyMap<LayerValueV1, number>,
    done: Map<LayerValueV1, string>,
  ) {
    this.#graph = graph;
    this.#id = id;
    this.#prefix = prefix;
    this.#uses = uses;
    this.#done = done;
  }

  write(value: LayerValueV1): string {
    const known = this.#done.get(value);
    if (known !== undefined) return known;
    const name = this.#operation(value);
    this.#done.set(value, name);
    return name;
  }

  #operation(value: LayerValueV1): string {
    switch (value.operation) {
      case "input":
        throw new InvalidOptionError({
          option: "layers",
          expected: "layers that describe themselves in terms of the value that they are given",
          received: this.#id,
        });
      case "convolution":
      case "linear":
        return this.#product(value, null, false);
      case "batch-norm":
        return this.#norm(value);
      case "relu": {
        const { input } = value;
        const norm = input.operation === "batch-norm" && this.#isRead(input) ? this.#folded(input) : null;
        if (norm !== null) return this.#product(norm.product, norm.norm, true);
        return this.#node("Relu", [this.write(input)]);
      }
      case "add":
        return this.#node(
          "AddV2",
          value.inputs.map((input) => this.write(input)),
        );
      case "max-pool":
        return this.#maxPool(value);
      case "grid-sum":
        return this.#gridSum(value);
      case "global-average":
        return this.#graph.globalAverage(this.write(value.input), `${this.#id}/Mean`);
    }
  }

  #node(op: string, input: readonly string[], attr?: Readonly<Record<string, AttributeValue>>): string {
    return this.#graph.node(`${this.#id}/${op}`, op, input, attr);
  }

  /** Whether only one operation reads a value, which may then take it in. */
  #isRead(value: LayerValueV1): boolean {
    return this.#uses.get(value) === 1 && !this.#done.has(value);
  }

  /** A norm and the product that it can be part of. */
  #folded(norm: Norm): { readonly norm: Norm; readonly product: Product } | null {
    const { input } = norm;
    const isProduct = input.operation === "convolution" || input.operation === "linear";
    return isProduct && this.#isRead(input) ? { norm, product: input } : null;
  }

  #norm(norm: Norm): string {
    const folded = this.#folded(norm);
    if (folded !== null) return this.#product(folded.product, norm, false);
    const { factors, offsets } = this.#affine(norm);
    const constant = (name: string, data: Float32Array): string => {
      const full = this.#prefix + name;
      return this.#graph.constant(`${full} of a norm`, full, () => ({ shape: [data.length], data }));
    };
    const scaled = this.#node("Mul", [this.write(norm.input), constant(norm.scale, factors)]);
    return this.#node("AddV2", [scaled, constant(norm.offset, offsets)]);
  }

  /** A convolution or a linear map, with the norm and the ReLU behind it where there are any. */
  #product(product: Product, norm: Norm | null, rectified: boolean): string {
    const name = this.#prefix + product.weight;
    const key = norm === null ? name : `${name} by ${this.#prefix}${norm.scale}`;
    const affine = norm === null ? null : this.#affine(norm);
    const weight = this.#graph.constant(key, name, () =>
      outputLast(this.#graph.tensor(name), affine?.factors ?? null),
    );
    const input = [this.write(product.input), weight];
    const attributes = product.operation === "convolution" ? windowAttributes(product) : matrixAttributes;
    if (affine === null)
      return this.#node(product.operation === "convolution" ? "Conv2D" : "MatMul", input, attributes);
    const bias = this.#graph.constant(`bias of ${key}`, `${name.replace(/weight$/, "")}bias`, () => ({
      shape: [affine.offsets.length],
      data: affine.offsets,
    }));
    return this.#node(
      product.operation === "convolution" ? "_FusedConv2D" : "_FusedMatMul",
      [...input, bias],
      {
        ...attributes,
        fused_ops: texts(rectified ? ["BiasAdd", "Relu"] : ["BiasAdd"]),
        num_args: { i: 1 },
      },
    );
  }

  /** A norm in evaluation mode as `factors x + offsets`, computed in float64. */
  #affine(norm: Norm): { readonly factors: Float32Array; readonly offsets: Float32Array } {
    const [scale, offset, mean, variance] = [norm.scale, norm.offset, norm.mean, norm.variance].map(
      (name) => this.#graph.tensor(this.#prefix + name).data,
    );
    const at = (values: Float32Array | undefined, channel: number): number => values?.[channel] ?? Number.NaN;
    const factor = (channel: number): number =>
      at(scale, channel) / Math.sqrt(at(variance, channel) + norm.epsilon);
    const channels = scale?.length ?? 0;
    return {
      factors: Float32Array.from({ length: channels }, (_, channel) => factor(channel)),
      offsets: Float32Array.from(
        { length: channels },
        (_, channel) => at(offset, channel) - at(mean, channel) * factor(channel),
      ),
    };
  }

  /** One product with the weights of each pixel in each cell, of all channels of all images as rows. */
  #gridSum({
    input,
    channels,
    rows,
    columns,
  }: Extract<LayerValueV1, { readonly operation: "grid-sum" }>): string {
    const channelsFirst = this.#node("Transpose", [this.write(input), this.#integers([0, 3, 1, 2])]);
    const weights = gridWeights(rows, columns);
    const [pixels, cells] = weights.shape;
    const name = `${this.#id}/grid`;
    const byPixel = this.#node("Reshape", [channelsFirst, this.#integers([-1, pixels])]);
    const weight = this.#graph.constant(`${name} ${JSON.stringify([rows, columns])}`, name, () => weights);
    const sums = this.#node("MatMul", [byPixel, weight], matrixAttributes);
    return this.#node("Reshape", [sums, this.#integers([-1, channels * cells])]);
  }

  #integers(values: readonly number[]): string {
    return this.#graph.constant(`integers ${values}`, "integers", () => ({
      shape: [values.length],
      data: Int32Array.from(values),
    }));
  }

  #maxPool(pool: Extract<LayerValueV1, { readonly operation: "max-pool" }>): string {
    const { size, stride, padding } = pool;
    let input = this.write(pool.input);
    if (padding > 0) {
      const paddings = this.#graph.constant(`paddings of ${padding}`, `paddings_${padding}`, () => ({
        shape: [4, 2],
        data: Int32Array.of(0, 0, padding, padding, padding, padding, 0, 0),
      }));
      const outside = this.#graph.constant("lowest", "lowest", () => ({
        shape: [],
        data: Float32Array.of(lowest),
      }));
      input = this.#node("PadV2", [input, paddings, outside], { T: float });
    }
    return this.#node("MaxPool", [input], {
      T: float,
      ksize: integers([1, size, size, 1]),
      strides: integers([1, stride, stride, 1]),
      padding: text("VALID"),
      data_format: text("NHWC"),
    });
  }
}
