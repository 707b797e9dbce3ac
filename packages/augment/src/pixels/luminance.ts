/**
 * The luma of ITU-R 601-2 as a byte: `0.299 red + 0.587 green + 0.114 blue`, in 16-bit fixed point, rounded.
 *
 * Bit-exact with Pillow's `image.convert("L")`.
 */
export function luminance(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}
