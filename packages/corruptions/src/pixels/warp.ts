import type { BeyondEdge } from "./beyond-edge.js";
import type { FloatImage } from "./float-image.js";

/** From which row and column, whole or not, a place takes its value. */
export type SourcePlace = (row: number, column: number) => readonly [number, number];

/** Takes each pixel from another place, interpolated bilinearly. */
export function warp(image: FloatImage, sourcePlace: SourcePlace, beyond: BeyondEdge): FloatImage {
  const { width, height, channels } = image;
  const data = new Float64Array(image.data.length);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const [sourceRow, sourceColumn] = sourcePlace(row, column);
      const top = Math.floor(sourceRow);
      const left = Math.floor(sourceColumn);
      const down = sourceRow - top;
      const right = sourceColumn - left;
      const above = beyond(top, height) * width;
      const below = beyond(top + 1, height) * width;
      const near = beyond(left, width);
      const far = beyond(left + 1, width);
      for (let channel = 0; channel < channels; channel++) {
        const value = (start: number, place: number): number =>
          image.data[(start + place) * channels + channel] as number;
        data[(row * width + column) * channels + channel] =
          (1 - down) * ((1 - right) * value(above, near) + right * value(above, far)) +
          down * ((1 - right) * value(below, near) + right * value(below, far));
      }
    }
  }
  return { ...image, data };
}
