/** The most that a file's header comes to. */
const headerBytes = 1024;

/** The bytes of one step's file. @param shape `[batch, height, width, channels]` */
export function stepBytesOf(
  shape: readonly number[],
  { views, labels }: { readonly views: number; readonly labels: boolean },
): number {
  const values = shape.reduce((product, size) => product * size, 1);
  return 4 * (views * values + (labels ? (shape[0] ?? 0) : 0)) + headerBytes;
}

/** A size for people: `"1.5 GiB"`. */
export function describeBytes(bytes: number): string {
  const gibibytes = bytes / 2 ** 30;
  return gibibytes >= 1 ? `${gibibytes.toFixed(1)} GiB` : `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
