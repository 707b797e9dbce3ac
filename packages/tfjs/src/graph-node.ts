/** A value of a node's attribute, as `tensorflow.AttrValue` is written in JSON. Texts are in base64. */
export type AttributeValue =
  | { readonly type: "DT_FLOAT" | "DT_INT32" }
  | { readonly b: boolean }
  | { readonly i: number }
  | { readonly s: string }
  | { readonly shape: { readonly dim: readonly { readonly size: string }[] } }
  | { readonly list: { readonly i: readonly number[] } | { readonly s: readonly string[] } };

/** A node of a graph, as `tensorflow.NodeDef` is written in JSON. */
export interface GraphNode {
  /** Unlike any other node's. */
  readonly name: string;
  /** The operation: `"_FusedConv2D"`. */
  readonly op: string;
  /** The nodes that it reads, by name. */
  readonly input: readonly string[];
  /** What TensorFlow calls the operation's attributes. */
  readonly attr: Readonly<Record<string, AttributeValue>>;
}

/** The type of all that is no index. */
export const float: AttributeValue = { type: "DT_FLOAT" };

/** An attribute that is a text. */
export function text(value: string): AttributeValue {
  return { s: btoa(value) };
}

/** An attribute that is a list of texts. */
export function texts(values: readonly string[]): AttributeValue {
  return { list: { s: values.map((value) => btoa(value)) } };
}

/** An attribute that is a list of whole numbers. */
export function integers(values: readonly number[]): AttributeValue {
  return { list: { i: values } };
}

/** The shape of a batch: -1 is open. */
export function shape(sizes: readonly number[]): { readonly dim: readonly { readonly size: string }[] } {
  return { dim: sizes.map((size) => ({ size: String(size) })) };
}
