import type { Refusal } from "../refuse.js";

const longestName = 256;

/** Reads the bytes of a pickle one after the other and never past their end. */
export class ByteCursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #refuse: Refusal;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #position = 0;

  constructor(bytes: Uint8Array, refuse: Refusal) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#refuse = refuse;
  }

  get position(): number {
    return this.#position;
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  /** Big-endian: the one number in a pickle that is. */
  float64(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  /** Two's complement, little-endian; a bigint only where a double would not be exact. */
  long(byteCount: number): number | bigint {
    const start = this.#advance(byteCount);
    let value = 0n;
    for (let index = byteCount - 1; index >= 0; index--)
      value = (value << 8n) | BigInt(this.#view.getUint8(start + index));
    const signed = BigInt.asIntN(byteCount * 8, value);
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : signed;
  }

  text(byteCount: number): string {
    const start = this.#advance(byteCount);
    try {
      return this.#decoder.decode(this.#bytes.subarray(start, start + byteCount));
    } catch {
      return this.#refuse.malformed(`a text at byte ${start} of its pickle is not valid UTF-8`);
    }
  }

  /** The rest of the line, which is no longer than a name. */
  line(): string {
    const start = this.#position;
    const end = this.#bytes.subarray(start, start + longestName + 1).indexOf(0x0a);
    if (end < 0) return this.#refuse.malformed(`a name at byte ${start} of its pickle has no end`);
    const text = this.text(end);
    this.skip(1);
    return text;
  }

  skip(byteCount: number): void {
    this.#advance(byteCount);
  }

  #advance(byteCount: number): number {
    const start = this.#position;
    if (byteCount > this.#bytes.byteLength - start) {
      return this.#refuse.malformed(`its pickle is cut off at byte ${this.#bytes.byteLength}`);
    }
    this.#position = start + byteCount;
    return start;
  }
}
