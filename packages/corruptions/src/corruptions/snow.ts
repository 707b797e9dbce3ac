import { type CorruptionFactory, defineCorruption } from "../corruption-definition.js";
import { clippedZoom } from "../pixels/clipped-zoom.js";
import { type FloatImage, toBytes, toUnit } from "../pixels/float-image.js";
import { motionBlur } from "../pixels/motion-blur.js";

/** A snowfall. */
interface Snowfall {
  /** Mean and deviation of the field of normal noise that flakes are cut from. */
  readonly mean: number;
  readonly deviation: number;
  /** How large flakes are, in pixels. */
  readonly zoom: number;
  /** What is below is no flake. */
  readonly threshold: number;
  /** How flakes are smeared, in pixels. */
  readonly radius: number;
  readonly sigma: number;
  /** How much of the image's own colour stays; the rest is whitened. */
  readonly keep: number;
}

/** Whitens the image and lets flakes fall, in a random direction within 45 degrees of straight down. */
export const snow: CorruptionFactory = defineCorruption<Snowfall>({
  imagenet: [
    { mean: 0.1, deviation: 0.3, zoom: 3, threshold: 0.5, radius: 10, sigma: 4, keep: 0.8 },
    { mean: 0.2, deviation: 0.3, zoom: 2, threshold: 0.5, radius: 12, sigma: 4, keep: 0.7 },
    { mean: 0.55, deviation: 0.3, zoom: 4, threshold: 0.9, radius: 12, sigma: 8, keep: 0.7 },
    { mean: 0.55, deviation: 0.3, zoom: 4.5, threshold: 0.85, radius: 12, sigma: 8, keep: 0.65 },
    { mean: 0.55, deviation: 0.3, zoom: 2.5, threshold: 0.85, radius: 12, sigma: 12, keep: 0.55 },
  ],
  cifar: [
    { mean: 0.1, deviation: 0.2, zoom: 1, threshold: 0.6, radius: 8, sigma: 3, keep: 0.95 },
    { mean: 0.1, deviation: 0.2, zoom: 1, threshold: 0.5, radius: 10, sigma: 4, keep: 0.9 },
    { mean: 0.15, deviation: 0.3, zoom: 1.75, threshold: 0.55, radius: 10, sigma: 4, keep: 0.9 },
    { mean: 0.25, deviation: 0.3, zoom: 2.25, threshold: 0.6, radius: 12, sigma: 6, keep: 0.85 },
    { mean: 0.3, deviation: 0.3, zoom: 1.25, threshold: 0.65, radius: 14, sigma: 12, keep: 0.8 },
  ],
  make:
    ({ mean, deviation, zoom, threshold, radius, sigma, keep }) =>
    (image, random) => {
      const { width, height, channels } = image;
      const noise = Float64Array.from({ length: width * height }, () => mean + deviation * random.normal());
      const flakes = clippedZoom({ width, height, channels: 1, data: noise }, zoom);
      const cut = { ...flakes, data: flakes.data.map((value) => (value < threshold ? 0 : value)) };
      const { data: fallen } = motionBlur(toBytes(cut), {
        radius,
        sigma,
        angle: -45 - 90 * random.uniform(),
      });
      const source = toUnit(image);
      const whitened = source.data.map((value, place) => {
        const pixel = Math.floor(place / channels);
        const white = Math.max(value, luminance(source, pixel) * 1.5 + 0.5);
        // The layer falls twice: once as it is, once turned by half a turn.
        const snow = (fallen[pixel] as number) + (fallen[fallen.length - 1 - pixel] as number);
        return keep * value + (1 - keep) * white + snow / 255;
      });
      return toBytes({ ...source, data: whitened });
    },
});

function luminance({ channels, data }: FloatImage, pixel: number): number {
  const [first = 0, second = 0, third = 0] = data.subarray(pixel * channels, (pixel + 1) * channels);
  return channels === 1 ? first : 0.299 * first + 0.587 * second + 0.114 * third;
}
