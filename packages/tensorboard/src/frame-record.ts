/** The reversed polynomial of CRC-32C (Castagnoli). */
const polynomial = 0x82f63b78;
const table: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++)
    remainder = remainder & 1 ? (remainder >>> 1) ^ polynomial : remainder >>> 1;
  return remainder;
});

/** The CRC-32C of bytes, as RFC 3720 has it. */
export function crc32c(bytes: Uint8Array): number {
  let remainder = 0xffffffff;
  for (const byte of bytes) remainder = (table[(remainder ^ byte) & 0xff] ?? 0) ^ (remainder >>> 8);
  return (remainder ^ 0xffffffff) >>> 0;
}

/**
 * Frames a record as TFRecord files have it: length (64 bits, little-endian), its masked CRC, data, their masked CRC, where
 * `masked(crc) = ((crc >> 15) | (crc << 17)) + 0xa282ead8` in 32 bits.
 *
 * @see https://www.tensorflow.org/tutorials/load_data/tfrecord
 */
export function frameRecord(data: Uint8Array): Buffer {
  const frame = Buffer.alloc(data.length + 16);
  frame.writeBigUInt64LE(BigInt(data.length), 0);
  frame.writeUInt32LE(masked(crc32c(frame.subarray(0, 8))), 8);
  frame.set(data, 12);
  frame.writeUInt32LE(masked(crc32c(data)), 12 + data.length);
  return frame;
}

function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
