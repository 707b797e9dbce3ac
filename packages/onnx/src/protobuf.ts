/** A message of protocol buffers, field by field: the part of the format that ONNX models are made of. */
export class ProtobufMessage {
  readonly #parts: Uint8Array[] = [];

  /** A whole number of any size: `int64`, `int32` and enums. */
  integer(field: number, value: number): this {
    this.#parts.push(varint(field * 8), varint(value));
    return this;
  }

  /** A `float`. */
  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.#parts.push(varint(field * 8 + 5), bytes);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: ProtobufMessage): this {
    this.#parts.push(varint(field * 8 + 2), varint(value.byteLength), ...value.#parts);
    return this;
  }

  /** Borrowed until `encode`. */
  bytes(field: number, value: Uint8Array): this {
    this.#parts.push(varint(field * 8 + 2), varint(value.byteLength), value);
    return this;
  }

  get byteLength(): number {
    return this.#parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  encode(): Uint8Array {
    const bytes = new Uint8Array(this.byteLength);
    let position = 0;
    for (const part of this.#parts) {
      bytes.set(part, position);
      position += part.byteLength;
    }
    return bytes;
  }
}

/** Seven bits a byte, the lowest first; negative numbers as 64 bits of two's complement. */
function varint(value: number): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return Uint8Array.from(bytes);
}
