/** How an image goes on beyond its edge: which pixel stands in for place `index` of a line of `count`. */
export type BeyondEdge = (index: number, count: number) => number;

/** `a a | a b c d | d d`. */
export const repeatEdge: BeyondEdge = (index, count) => Math.min(Math.max(index, 0), count - 1);

/** `b a | a b c d | d c`: scipy's "reflect". */
export const mirrorWithEdge: BeyondEdge = (index, count) => {
  const place = modulo(index, 2 * count);
  return place < count ? place : 2 * count - 1 - place;
};

/** `c b | a b c d | c b`: OpenCV's BORDER_REFLECT_101. */
export const mirrorWithoutEdge: BeyondEdge = (index, count) => {
  if (count === 1) return 0;
  const place = modulo(index, 2 * count - 2);
  return place < count ? place : 2 * count - 2 - place;
};

function modulo(value: number, period: number): number {
  return ((value % period) + period) % period;
}
