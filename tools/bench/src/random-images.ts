import { fillUniform, fold, rootKey } from "@blockwise/random";
import type { DataSourceV1 } from "@blockwise/spec";

/** Square colour images of noise in shared memory, the same in every run. */
export function randomImages(count: number, size: number): DataSourceV1 {
  const length = size * size * 3;
  const values = new Float32Array(count * length);
  fillUniform(fold(rootKey(0), "bench-images"), values);
  const pixels = new Uint8Array(new SharedArrayBuffer(values.length));
  for (const [index, value] of values.entries()) pixels[index] = 256 * value;
  return {
    specificationVersion: "v1",
    kind: "data-source",
    id: "random-images",
    options: { count, size },
    description: `${count} random images`,
    size: count,
    channels: 3,
    classNames: null,
    labels: null,
    store: {
      kind: "packed",
      pixels,
      offsets: Float64Array.from({ length: count }, (_, index) => index * length),
      heights: new Uint32Array(count).fill(size),
      widths: new Uint32Array(count).fill(size),
      channels: 3,
    },
    image: async (index) => ({
      width: size,
      height: size,
      channels: 3,
      data: pixels.subarray(index * length, (index + 1) * length),
    }),
  };
}
