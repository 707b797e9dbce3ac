/** Swaps left and right of a colour image, five pixels at a time. */
export function flipColor(source: usize, target: usize, width: i32, height: i32): void {
  const rowBytes = <usize>(width * 3);
  for (let row = 0; row < height; row++) {
    let from = source + rowBytes;
    let to = target;
    let left = width;
    // The 16th byte is of one pixel more, which is there, and is written over.
    for (; left >= 5 && from - 16 >= source; left -= 5) {
      from -= 15;
      const pixels = v128.load(from - 1);
      v128.store(to, i8x16.shuffle(pixels, pixels, 13, 14, 15, 10, 11, 12, 7, 8, 9, 4, 5, 6, 1, 2, 3, 0));
      to += 15;
    }
    for (; left > 0; left--) {
      from -= 3;
      store<u16>(to, load<u16>(from));
      store<u8>(to, load<u8>(from, 2), 2);
      to += 3;
    }
    source += rowBytes;
    target += rowBytes;
  }
}
