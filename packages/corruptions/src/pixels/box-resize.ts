import type { RawImage } from "@blockwise/spec";

/**
 * Resizes an image by the mean of the pixels whose middles lie in each target pixel: first along the rows, then along the
 * columns, with bytes in between, as Pillow's `resize` with the filter BOX.
 */
export function boxResize(image: RawImage, height: number, width: number): RawImage {
  const { channels } = image;
  const between = new Uint8Array(image.height * width * channels);
  const across = boxRuns(image.width, width);
  for (let row = 0; row < image.height; row++) {
    for (let channel = 0; channel < channels; channel++) {
      const source = row * image.width * channels + channel;
      averageLine(image.data, source, between, row * width * channels + channel, channels, across);
    }
  }
  const data = new Uint8Array(height * width * channels);
  const down = boxRuns(image.height, height);
  const rowSize = width * channels;
  for (let column = 0; column < rowSize; column++) {
    averageLine(between, column, data, column, rowSize, down);
  }
  return { width, height, channels, data };
}

/** Each target pixel's first source pixel and the one after its last. */
function boxRuns(sourceCount: number, targetCount: number): readonly (readonly [number, number])[] {
  const scale = sourceCount / targetCount;
  const support = 0.5 * Math.max(scale, 1);
  return Array.from({ length: targetCount }, (_, target) => {
    const centre = (target + 0.5) * scale;
    const inside = (source: number): boolean => {
      const distance = (source - centre + 0.5) / Math.max(scale, 1);
      return distance > -0.5 && distance <= 0.5;
    };
    let from = Math.max(0, Math.trunc(centre - support + 0.5));
    let end = Math.min(sourceCount, Math.trunc(centre + support + 0.5));
    while (from < end - 1 && !inside(from)) from++;
    while (end > from + 1 && !inside(end - 1)) end--;
    return [from, end];
  });
}

function averageLine(
  source: Uint8Array,
  sourceStart: number,
  target: Uint8Array,
  targetStart: number,
  stride: number,
  runs: readonly (readonly [number, number])[],
): void {
  for (const [place, [from, end]] of runs.entries()) {
    let sum = 0;
    for (let at = from; at < end; at++) sum += source[sourceStart + at * stride] as number;
    target[targetStart + place * stride] = Math.floor(sum / (end - from) + 0.5);
  }
}
