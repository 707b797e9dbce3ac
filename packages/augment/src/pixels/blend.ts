/**
 * A byte on the line from `degenerate` (at factor 0) through `value` (at factor 1), clamped and cut to a whole number.
 *
 * Bit-exact with Pillow's `Image.blend`, whose arithmetic is float32.
 *
 * @param factor - at least 0, already rounded to float32
 */
export function blend(degenerate: number, value: number, factor: number): number {
  const mixed = Math.fround(degenerate + Math.fround(factor * (value - degenerate)));
  return mixed <= 0 ? 0 : mixed >= 255 ? 255 : mixed | 0;
}
