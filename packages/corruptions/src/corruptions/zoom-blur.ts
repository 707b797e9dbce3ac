import { type CorruptionFactory, defineCorruption } from "../corruption-definition.js";
import { clippedZoom } from "../pixels/clipped-zoom.js";
import { toBytes, toUnit } from "../pixels/float-image.js";

/** Factors from 1 in steps up to an end, which is left out but for rounding. */
interface Zoom {
  readonly end: number;
  readonly step: number;
}

/** Averages the image with itself enlarged by ever larger factors: a camera that moved towards it. */
export const zoomBlur: CorruptionFactory = defineCorruption<Zoom>({
  imagenet: [
    { end: 1.11, step: 0.01 },
    { end: 1.16, step: 0.01 },
    { end: 1.21, step: 0.02 },
    { end: 1.26, step: 0.02 },
    { end: 1.31, step: 0.03 },
  ],
  cifar: [
    { end: 1.06, step: 0.01 },
    { end: 1.11, step: 0.01 },
    { end: 1.16, step: 0.01 },
    { end: 1.21, step: 0.01 },
    { end: 1.26, step: 0.01 },
  ],
  make: (zoom) => {
    const factors = zoomFactors(zoom);
    return (image) => {
      const source = toUnit(image);
      const sum = source.data.slice();
      for (const factor of factors) {
        for (const [place, value] of clippedZoom(source, factor).data.entries()) {
          sum[place] = (sum[place] as number) + value;
        }
      }
      return toBytes({ ...source, data: sum.map((value) => value / (factors.length + 1)) });
    };
  },
});

/** As numpy's `arange(1, end, step)`, whose rounding decides whether the end is among them. */
function zoomFactors({ end, step }: Zoom): readonly number[] {
  const exactStep = 1 + step - 1;
  return Array.from({ length: Math.ceil((end - 1) / step) }, (_, index) => 1 + index * exactStep);
}
