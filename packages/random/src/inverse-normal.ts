/**
 * The inverse of the standard normal's cumulative distribution at `(index + 1/2) / total`, accurate to about
 * 1e-15 relative.
 *
 * Only additions, multiplications, divisions and square roots are used, all of which IEEE 754 rounds alike
 * everywhere; `Math.log` and `Math.cos` may differ in their last bit between JavaScript engines.
 *
 * @param index - an integer from 0 to `total - 1`
 * @param total - a power of two, at most 2^53
 * @see Wichura, Algorithm AS 241: the percentage points of the normal distribution, 1988 (PPND16)
 */
export function inverseNormal(index: number, total: number): number {
  // Half a step is exact up to 52 bits; with 53 the largest places round, but only in their last bit.
  const central = (index - total / 2 + 0.5) / total;
  if (central >= -0.425 && central <= 0.425) {
    const r = 0.180625 - central * central;
    return (central * polynomial(CENTRAL_ABOVE, r)) / polynomial(CENTRAL_BELOW, r);
  }
  const tail = (central < 0 ? index + 0.5 : total - index - 0.5) / total;
  const r = Math.sqrt(-logarithm(tail));
  const size =
    r <= 5
      ? polynomial(MIDDLE_ABOVE, r - 1.6) / polynomial(MIDDLE_BELOW, r - 1.6)
      : polynomial(FAR_ABOVE, r - 5) / polynomial(FAR_BELOW, r - 5);
  return central < 0 ? -size : size;
}

/** The natural logarithm of `value` in (0, 1), by the series of `2 atanh((f - 1) / (f + 1))`, in exact operations. */
function logarithm(value: number): number {
  let fraction = value;
  let exponent = 0;
  while (fraction < 1 / 65536) {
    fraction *= 65536;
    exponent -= 16;
  }
  while (fraction < Math.SQRT1_2) {
    fraction *= 2;
    exponent -= 1;
  }
  const s = (fraction - 1) / (fraction + 1);
  const square = s * s;
  let series = 0;
  for (const reciprocal of ODD_RECIPROCALS) series = series * square + reciprocal;
  return exponent * Math.LN2 + 2 * s * series;
}

/** 1/21, 1/19, ... 1: with `s` at most 0.172 the next term is below 1e-17. */
const ODD_RECIPROCALS = Array.from({ length: 11 }, (_, place) => 1 / (21 - 2 * place));

type Coefficients = readonly [number, number, number, number, number, number, number, number];

function polynomial(c: Coefficients, x: number): number {
  return ((((((c[7] * x + c[6]) * x + c[5]) * x + c[4]) * x + c[3]) * x + c[2]) * x + c[1]) * x + c[0];
}

const CENTRAL_ABOVE: Coefficients = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987,
  67265.7709270087, 33430.57558358813, 2509.0809287301227,
];
const CENTRAL_BELOW: Coefficients = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
  28729.085735721943, 5226.495278852546,
];
const MIDDLE_ABOVE: Coefficients = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
  0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
];
const MIDDLE_BELOW: Coefficients = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
  0.0005475938084995345, 1.0507500716444169e-9,
];
const FAR_ABOVE: Coefficients = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
  0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7,
];
const FAR_BELOW: Coefficients = [
  1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133,
  1.8463183175100548e-5, 1.421511758316446e-7, 2.0442631033899397e-15,
];
