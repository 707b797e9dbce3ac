/** What `pickled` writes: like JSON, with classes, calls, storages and memory. */
export type PickleNode =
  | null
  | boolean
  | number
  | string
  | readonly PickleNode[]
  | { readonly dict: readonly (readonly [PickleNode, PickleNode])[] }
  | { readonly tuple: readonly PickleNode[] }
  | { readonly global: string }
  | { readonly call: PickleNode; readonly args: PickleNode }
  | { readonly persistent: PickleNode }
  | { readonly raw: readonly number[] };

/** A pickle of protocol 2. */
export function pickled(node: PickleNode): Uint8Array {
  return Uint8Array.from([0x80, 2, ...bytesOf(node), 0x2e]);
}

function bytesOf(node: PickleNode): number[] {
  if (node === null) return [0x4e];
  if (typeof node === "boolean") return [node ? 0x88 : 0x89];
  if (typeof node === "number") return numberBytes(node);
  if (typeof node === "string") {
    const text = Buffer.from(node);
    return [0x58, ...littleEndian(text.byteLength, 4), ...text];
  }
  if ("raw" in node) return [...node.raw];
  if ("dict" in node) return [0x7d, 0x28, ...node.dict.flat().flatMap(bytesOf), 0x75];
  if ("tuple" in node) return [0x28, ...node.tuple.flatMap(bytesOf), 0x74];
  if ("global" in node) {
    const dot = node.global.lastIndexOf(".");
    return [0x63, ...Buffer.from(`${node.global.slice(0, dot)}\n${node.global.slice(dot + 1)}\n`)];
  }
  if ("call" in node) return [...bytesOf(node.call), ...bytesOf(node.args), 0x52];
  if ("persistent" in node) return [...bytesOf(node.persistent), 0x51];
  return [0x5d, 0x28, ...node.flatMap(bytesOf), 0x65];
}

function numberBytes(value: number): number[] {
  if (!Number.isSafeInteger(value)) {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value);
    return [0x47, ...bytes];
  }
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return [0x8a, 8, ...bytes];
}

function littleEndian(value: number, byteCount: number): number[] {
  return Array.from({ length: byteCount }, (_, index) => (value >>> (8 * index)) & 255);
}

/** A tensor as `torch.save` describes it. */
export function tensorNode(tensor: {
  readonly key: PickleNode;
  readonly type?: string;
  readonly length: PickleNode;
  readonly offset: PickleNode;
  readonly shape: readonly PickleNode[];
  readonly strides: readonly PickleNode[];
}): PickleNode {
  const { key, type = "torch.FloatStorage", length, offset, shape, strides } = tensor;
  const storage = { persistent: { tuple: ["storage", { global: type }, key, "cpu", length] } };
  return {
    call: { global: "torch._utils._rebuild_tensor_v2" },
    args: {
      tuple: [
        storage,
        offset,
        { tuple: shape },
        { tuple: strides },
        false,
        { call: { global: "collections.OrderedDict" }, args: { tuple: [] } },
      ],
    },
  };
}
