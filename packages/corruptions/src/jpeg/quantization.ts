/** The steps that the JPEG standard proposes (annex K), by frequency, row by row, for brightness. */
const LUMINANCE: readonly number[] = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22,
  29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103,
  121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];

/** And for colour: 99 but for the lowest frequencies. */
const CHROMINANCE: readonly number[] = Array.from({ length: 64 }, (_, place) => {
  const low = [
    [17, 18, 24, 47],
    [18, 21, 26, 66],
    [24, 26, 56],
    [47, 66],
  ];
  return low[Math.floor(place / 8)]?.[place % 8] ?? 99;
});

/** The steps to which the frequencies of a plane are rounded at a quality from 1 to 100, as libjpeg scales them. */
export function quantizationSteps(plane: "luminance" | "chrominance", quality: number): readonly number[] {
  const percent = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  return (plane === "luminance" ? LUMINANCE : CHROMINANCE).map((step) =>
    Math.min(255, Math.max(1, Math.floor((step * percent + 50) / 100))),
  );
}
