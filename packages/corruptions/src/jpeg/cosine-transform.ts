const SIDE = 8;

/**
 * The left half of the cosines of each frequency times `2^13 sqrt(2)` (the first row: times `2^13`), in whole numbers: the
 * right half is the same for even frequencies and the opposite for odd ones.
 *
 * They are what libjpeg's accurate integer transform comes to when its thirteen-bit constants are multiplied out: it
 * rounds after its rows and after its columns, and nowhere in between.
 *
 * @see Loeffler, Ligtenberg, Moschytz: Practical fast 1-D DCT algorithms with 11 multiplications, 1989
 */
const LEFT_HALVES: readonly (readonly [number, number, number, number])[] = [
  [8192, 8192, 8192, 8192],
  [11363, 9633, 6437, 2260],
  [10703, 4433, -4433, -10703],
  [9633, -2259, -11362, -6436],
  [8192, -8192, -8192, 8192],
  [6437, -11362, 2261, 9633],
  [4433, -10704, 10704, -4433],
  [2260, -6436, 9633, -11363],
];

/** Row by frequency, column by place. */
const FORWARD: readonly (readonly number[])[] = LEFT_HALVES.map((half, frequency) => {
  const sign = frequency % 2 === 0 ? 1 : -1;
  return [...half, ...half.toReversed().map((value) => sign * value)];
});

const INVERSE: readonly (readonly number[])[] = FORWARD.map((_, place) =>
  FORWARD.map((row) => row[place] as number),
);

/** The block's discrete cosine transform, times 8. */
export function transformBlock(block: Float64Array): Float64Array {
  return product(FORWARD, transpose(product(FORWARD, transpose(block), 11)), 15);
}

/** The block that has such a transform (not times 8). */
export function restoreBlock(frequencies: Float64Array): Float64Array {
  return transpose(product(INVERSE, transpose(product(INVERSE, frequencies, 11)), 18));
}

/** `matrix block / 2^bits`, rounded, halves upwards. */
function product(matrix: readonly (readonly number[])[], block: Float64Array, bits: number): Float64Array {
  const out = new Float64Array(SIDE * SIDE);
  const scale = 2 ** bits;
  for (const [row, weights] of matrix.entries()) {
    for (let column = 0; column < SIDE; column++) {
      let sum = scale / 2;
      for (let place = 0; place < SIDE; place++) {
        sum += (weights[place] as number) * (block[place * SIDE + column] as number);
      }
      out[row * SIDE + column] = Math.floor(sum / scale);
    }
  }
  return out;
}

function transpose(block: Float64Array): Float64Array {
  return block.map((_, place) => block[(place % SIDE) * SIDE + Math.floor(place / SIDE)] as number);
}
