import { InvalidOptionError, type RawImage, type ViewShape } from "@blockwise/spec";

/** Between normalised views and bytes, both ways. */
export interface ViewBytes {
  /** The image that a view (borrowed) shows; good until the next call. */
  read(view: Float32Array): RawImage;
  /** Normalises an image into `out`. */
  write(image: RawImage, out: Float32Array): void;
}

/** A whole number that went through float32 and a normalisation comes back this near, in grey levels. */
const TOLERANCE = 0.02;

/**
 * Undoes and does `(byte / 255 - mean) / std`.
 *
 * @param normalization - one mean and deviation a channel, of values from 0 to 1
 */
export function makeViewBytes(
  { width, height, channels }: ViewShape,
  { mean, std }: { readonly mean: readonly number[]; readonly std: readonly number[] },
): ViewBytes {
  const data = new Uint8Array(width * height * channels);
  const of = (values: readonly number[], place: number): number => values[place % channels] as number;
  return {
    read: (view) => {
      for (const [place, value] of view.entries()) {
        const level = 255 * (value * of(std, place) + of(mean, place));
        const byte = Math.round(level);
        if (!(Math.abs(level - byte) <= TOLERANCE && byte >= 0 && byte <= 255)) {
          throw new InvalidOptionError({
            option: "view",
            expected: "normalised by the mean and std that its options state, and by nothing else",
            received: value,
            hint: `It stands at place ${place} of the view and would be the grey level ${level}.`,
          });
        }
        data[place] = byte;
      }
      return { width, height, channels, data };
    },
    write: (image, out) => {
      for (const [place, byte] of image.data.entries()) {
        out[place] = (byte / 255 - of(mean, place)) / of(std, place);
      }
    },
  };
}
