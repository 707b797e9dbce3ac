import { kernelsBase64 } from "./kernels.generated.js";

/** A place in the kernels' memory, in bytes. */
export type Address = number;

/** What `assembly/index.ts` exports; the meaning of each argument is documented there. */
interface Kernels {
  resizeRows(
    source: Address,
    sourceRowBytes: number,
    rows: number,
    channels: number,
    target: Address,
    targetWidth: number,
    first: Address,
    count: Address,
    weights: Address,
    stride: number,
  ): void;
  resizeColumns(
    source: Address,
    rowBytes: number,
    target: Address,
    targetRows: number,
    first: Address,
    count: Address,
    weights: Address,
    stride: number,
  ): void;
  blurRows: Blur;
  blurColumns: Blur;
  changeColors(image: Address, pixels: number, changes: Address, count: number): number;
  toGrayscale(image: Address, pixels: number): void;
  solarize(image: Address, bytes: number, threshold: number): void;
  flipColor(source: Address, target: Address, width: number, height: number): void;
}

type Blur = (
  image: Address,
  width: number,
  height: number,
  channels: number,
  one: Address,
  other: Address,
  radius: number,
  weight: number,
  endWeight: number,
) => void;

/** Bytes that kernels may touch beyond the end of what they read and write. */
const SLACK = 48;
const PAGE = 65_536;

const memory = new WebAssembly.Memory({ initial: 1 });
const module = new WebAssembly.Module(Buffer.from(kernelsBase64, "base64"));

/** The kernels of this thread. */
export const kernels: Kernels = new WebAssembly.Instance(module, { env: { memory } })
  .exports as unknown as Kernels;

/**
 * Lays arrays of so many bytes out in the kernels' memory, which grows as it must. What lay there before is given up:
 * an operation lays out all that it needs at once.
 *
 * @returns where each begins, on a multiple of 16
 */
export function layOut(...sizes: readonly number[]): readonly Address[] {
  const addresses: Address[] = [];
  // The compiler keeps its own constants below.
  let end = 1024;
  for (const size of sizes) {
    addresses.push(end);
    end += Math.ceil((size + SLACK) / 16) * 16;
  }
  const missing = end - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  return addresses;
}

/** The bytes at an address; good until the next `layOut`. */
export function bytesAt(address: Address, length: number): Uint8Array {
  return new Uint8Array(memory.buffer, address, length);
}

/** The integers at an address; good until the next `layOut`. */
export function integersAt(address: Address, length: number): Int32Array {
  return new Int32Array(memory.buffer, address, length);
}
