import { type BackboneUnitV1, type BackboneV1, InvalidOptionError } from "@blockwise/spec";
import { convolutionUnit } from "./convolution-unit.js";

/** Options of {@link vgg}: plain JSON. */
export interface VggOptions {
  /** Channels of the first stage, above 0; each later one has twice as many, the fifth and on as many as the fourth. @default 16 */
  readonly width?: number;
  /** How many convolutions each stage has; a pooling at its end halves the map. @default [1, 1, 2] */
  readonly unitCounts?: readonly number[];
  /** Channels of the images: 1 or 3. @default 3 */
  readonly inputChannels?: 1 | 3;
}

/**
 * VGG with batch norm, without its classifier: stages of 3x3 convolutions, each `relu(batchNorm(conv3x3(x)))`, with a 2x2
 * max pooling behind each stage, and no shortcut. Every convolution is a unit that a partition can cut behind.
 *
 * The published networks have `width` 64; their convolutions come as `unitCounts`: `[1, 1, 2, 2, 2]` is configuration A
 * (VGG-11), `[2, 2, 2, 2, 2]` B (VGG-13), `[2, 2, 3, 3, 3]` D (VGG-16), `[2, 2, 4, 4, 4]` E (VGG-19). Parameters have
 * torchvision's names (`features.0.weight`) and initialisation.
 *
 * Differs from torchvision's `vgg*_bn`: convolutions have no bias, which the norm behind them takes away again.
 *
 * @throws InvalidOptionError
 * @see Simonyan, Zisserman: "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2015, arXiv 1409.1556,
 *   table 1; Ioffe, Szegedy: "Batch Normalization", 2015, arXiv 1502.03167.
 */
export function vgg(options: VggOptions = {}): BackboneV1 {
  const { width = 16, unitCounts = [1, 1, 2], inputChannels = 3 } = options;
  requireOption("width", isCount(width), "a whole number above 0", width);
  const counts = Array.isArray(unitCounts) && unitCounts.length > 0 && unitCounts.every(isCount);
  requireOption("unitCounts", counts, "a list of whole numbers above 0", unitCounts);
  requireOption("inputChannels", inputChannels === 1 || inputChannels === 3, "1 or 3", inputChannels);
  const units: BackboneUnitV1[] = [];
  let [channels, module]: [number, number] = [inputChannels, 0];
  for (const [stage, unitCount] of unitCounts.entries()) {
    const outChannels = width * 2 ** Math.min(stage, mostDoublings);
    for (let place = 0; place < unitCount; place++) {
      const pools = place === unitCount - 1;
      units.push({
        id: `stage${stage + 1}.${place}`,
        parameterPrefix: "features.",
        layer: convolutionUnit({ module, inChannels: channels, outChannels, pools }),
      });
      channels = outChannels;
      // torchvision counts convolution, norm, activation and pooling.
      module += pools ? 4 : 3;
    }
  }
  return {
    specificationVersion: "v1",
    kind: "backbone",
    id: "vgg",
    options: { width, unitCounts: [...unitCounts], inputChannels },
    inputChannels,
    units,
    stages: unitCounts.map((unitCount, stage) => ({ id: `stage${stage + 1}`, unitCount })),
  };
}

/** VGG's widths: 64, 128, 256, 512, 512. */
const mostDoublings = 3;

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function requireOption(option: string, valid: boolean, expected: string, received: unknown): asserts valid {
  if (!valid) throw new InvalidOptionError({ option, expected, received });
}
