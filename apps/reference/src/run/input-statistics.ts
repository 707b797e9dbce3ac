import { type DataSourceV1, ShapeMismatchError } from "@blockwise/spec";

/** What images are normalised by; of the training images, and kept with the run. */
export interface InputStatistics {
  readonly channels: 1 | 3;
  /** By channel, of values from 0 to 1. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Mean and standard deviation by channel over all pixels of the images. */
export async function measureInputStatistics(source: DataSourceV1): Promise<InputStatistics> {
  const { channels } = source;
  if (channels !== 1 && channels !== 3) {
    throw new ShapeMismatchError({
      subject: `Images of ${source.description}`,
      expected: "[height, width, 1 or 3]",
      received: [channels],
    });
  }
  // Exact: byte values are counted first, so that the order of images does not matter.
  const counts = Array.from({ length: channels }, () => new Float64Array(256));
  for (let index = 0; index < source.size; index++) {
    const { data } = await source.image(index);
    for (let channel = 0; channel < channels; channel++) {
      const histogram = counts[channel] as Float64Array;
      for (let place = channel; place < data.length; place += channels) {
        const value = data[place] as number;
        histogram[value] = (histogram[value] as number) + 1;
      }
    }
  }
  const moments = counts.map(momentsOfHistogram);
  return { channels, mean: moments.map(({ mean }) => mean), std: moments.map(({ std }) => std) };
}

function momentsOfHistogram(histogram: Float64Array): { readonly mean: number; readonly std: number } {
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (const [value, times] of histogram.entries()) {
    count += times;
    sum += (times * value) / 255;
    squares += times * (value / 255) ** 2;
  }
  const mean = sum / count;
  const variance = squares / count - mean ** 2;
  // Images of one colour have no deviation to divide by.
  return { mean, std: variance > 1e-6 ? Math.sqrt(variance) : 1 };
}
