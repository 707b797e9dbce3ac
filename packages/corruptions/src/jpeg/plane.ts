import { restoreBlock, transformBlock } from "./cosine-transform.js";

/** One channel of an image. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  /** `height * width` values from 0 to 255, whole. */
  readonly data: Float64Array;
}

const SIDE = 8;

/** The plane cut or continued to a size; its edge pixels are repeated. */
export function fitPlane({ width, height, data }: Plane, newHeight: number, newWidth: number): Plane {
  const fitted = new Float64Array(newHeight * newWidth);
  for (let row = 0; row < newHeight; row++) {
    const start = Math.min(row, height - 1) * width;
    for (let column = 0; column < newWidth; column++) {
      fitted[row * newWidth + column] = data[start + Math.min(column, width - 1)] as number;
    }
  }
  return { width: newWidth, height: newHeight, data: fitted };
}

/** Rounds each block's frequencies to whole steps; the plane's sides are multiples of 8. */
export function quantizePlane(plane: Plane, steps: readonly number[]): Plane {
  const { width, height } = plane;
  const data = new Float64Array(plane.data.length);
  const block = new Float64Array(SIDE * SIDE);
  for (let top = 0; top < height; top += SIDE) {
    for (let left = 0; left < width; left += SIDE) {
      for (let place = 0; place < block.length; place++) {
        block[place] = (plane.data[placeOf(place, top, left, width)] as number) - 128;
      }
      const frequencies = transformBlock(block).map((value, place) => {
        const step = steps[place] as number;
        // Halves go away from 0. The transform is 8 times as large as its steps are meant for.
        return Math.sign(value) * Math.floor((Math.abs(value) + 4 * step) / (8 * step)) * step;
      });
      for (const [place, value] of restoreBlock(frequencies).entries()) {
        data[placeOf(place, top, left, width)] = Math.min(255, Math.max(0, value + 128));
      }
    }
  }
  return { width, height, data };
}

function placeOf(place: number, top: number, left: number, width: number): number {
  return (top + Math.floor(place / SIDE)) * width + left + (place % SIDE);
}
