/** Headers end at a multiple of this, so that the numbers behind can be mapped into memory. */
const alignment = 64;
const preamble = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0);

/**
 * The bytes of a `.npy` file, format 1.0, of float32 in C order.
 *
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function encodeNpy(shape: readonly number[], data: Float32Array): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const description = `{'descr': '<f4', 'fortran_order': False, 'shape': (${sizes}), }`;
  const unpadded = preamble.length + 2 + description.length + 1;
  const headerLength = Math.ceil(unpadded / alignment) * alignment;
  const header = `${description.padEnd(headerLength - preamble.length - 3)}\n`;
  const bytes = new Uint8Array(headerLength + data.byteLength);
  bytes.set(preamble);
  new DataView(bytes.buffer).setUint16(preamble.length, header.length, true);
  bytes.set(new TextEncoder().encode(header), preamble.length + 2);
  // Typed arrays lie in memory as the machine has it, which is little-endian wherever Node runs.
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), headerLength);
  return bytes;
}
