import { subset } from "@blockwise/data";
import { DataSourceError, type DataSourceV1, ShapeMismatchError } from "@blockwise/spec";
import type { NormalizationConfig } from "../config/sections/data.js";
import { statedNormalization } from "./stated-normalization.js";

/** What images are normalised by; of the training images, and kept with the run. */
export interface InputStatistics {
  readonly channels: 1 | 3;
  /** By channel, of values from 0 to 1. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** How many images that stream are measured. */
const MEASURED_OF_STREAM = 1000;

/**
 * What images are normalised by: numbers that are stated, or those of the images themselves; of images that stream, those of
 * a thousand, drawn at random.
 *
 * @throws ShapeMismatchError for images that are neither grey nor coloured; InvalidOptionError for numbers of other channels; DataSourceError when none can be read.
 */
export async function inputStatisticsOf(
  source: DataSourceV1,
  normalization: NormalizationConfig,
): Promise<InputStatistics> {
  if (normalization !== "measured") {
    const channels = requireChannels(source);
    return { channels, ...statedNormalization(normalization, channels) };
  }
  const isWhole = source.store.kind === "packed" || source.size <= MEASURED_OF_STREAM;
  const part = isWhole ? source : subset(source, { count: MEASURED_OF_STREAM, balanced: false });
  return measureInputStatistics(part);
}

/** Mean and standard deviation by channel over all pixels of the images, broken ones left out. */
export async function measureInputStatistics(source: DataSourceV1): Promise<InputStatistics> {
  const channels = requireChannels(source);
  // Exact: byte values are counted first, so that the order of images does not matter.
  const counts = Array.from({ length: channels }, () => new Float64Array(256));
  let broken = 0;
  for (let index = 0; index < source.size; index++) {
    const image = await source.image(index).catch((error: unknown) => {
      broken++;
      // Training counts and names broken images; here, nothing is left when all are.
      if (!DataSourceError.isInstance(error) || broken === source.size) throw error;
      return null;
    });
    const data = image?.data ?? [];
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

function requireChannels({ channels, description }: DataSourceV1): 1 | 3 {
  if (channels === 1 || channels === 3) return channels;
  throw new ShapeMismatchError({
    subject: `Images of ${description}`,
    expected: "[height, width, 1 or 3]",
    received: [channels],
  });
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
