import { type BackboneUnitV1, type BackboneV1, InvalidOptionError } from "@blockwise/spec";
import { type Architecture, architectures, type ResNetDepth } from "./architectures.js";
import { basicUnit, bottleneckUnit, expansion } from "./residual-units.js";
import { type StemKind, stem } from "./stem.js";

/** How a ResNet is built. */
export interface ResNetOptions {
  /** A depth with a name, or the unit and its count in each stage. @default 18 */
  readonly depth?: ResNetDepth | Architecture;
  /** Channels of the stem; stage k is `2^(k-1)` times as wide (bottlenecks put out four times that). @default 64 */
  readonly width?: number;
  /** @default "imagenet" */
  readonly stem?: StemKind;
  /** 3 for colour, 1 for grey images. @default 3 */
  readonly inputChannels?: 1 | 3;
  /** Start each unit's last norm at gain zero, as the paper's ResNet-50 does. @default false */
  readonly zeroInitResidual?: boolean;
}

/**
 * A residual network with torchvision's parameter names and initialisation, cut into residual units. Its output is the
 * last stage's map; there is no classifier.
 *
 * @throws InvalidOptionError
 * @see He et al., "Deep Residual Learning for Image Recognition", 2015, arXiv 1512.03385.
 * @example
 * const backbone = resnet({ depth: 18, width: 16, stem: "cifar" });
 */
export function resnet(options: ResNetOptions = {}): BackboneV1 {
  const { depth = 18, width = 64, inputChannels = 3, zeroInitResidual = false } = options;
  const stemKind = options.stem ?? "imagenet";
  const architecture = architectureOf(depth);
  requireOption("width", Number.isSafeInteger(width) && width > 0, "a whole number above 0", width);
  requireOption("inputChannels", inputChannels === 1 || inputChannels === 3, "1 or 3", inputChannels);
  requireOption("stem", stemKind === "cifar" || stemKind === "imagenet", '"cifar" or "imagenet"', stemKind);
  requireOption("zeroInitResidual", typeof zeroInitResidual === "boolean", "true or false", zeroInitResidual);

  const makeUnit = architecture.unit === "basic" ? basicUnit : bottleneckUnit;
  const units: BackboneUnitV1[] = [
    {
      id: "stem",
      parameterPrefix: "",
      layer: stem({ kind: stemKind, inChannels: inputChannels, width }),
      joinsNext: true,
    },
  ];
  let inChannels = width;
  for (const [stage, unitCount] of architecture.unitCounts.entries()) {
    const stageWidth = width * 2 ** stage;
    for (let index = 0; index < unitCount; index++) {
      const stride = stage > 0 && index === 0 ? 2 : 1;
      const id = `layer${stage + 1}.${index}`;
      units.push({
        id,
        parameterPrefix: `${id}.`,
        layer: makeUnit({ inChannels, width: stageWidth, stride, zeroInitResidual }),
      });
      inChannels = stageWidth * expansion[architecture.unit];
    }
  }
  return {
    specificationVersion: "v1",
    kind: "backbone",
    id: "resnet",
    options: {
      depth: typeof depth === "number" ? depth : { unit: depth.unit, unitCounts: [...depth.unitCounts] },
      width,
      stem: stemKind,
      inputChannels,
      zeroInitResidual,
    },
    inputChannels,
    units,
    stages: architecture.unitCounts.map((unitCount, stage) => ({
      id: `layer${stage + 1}`,
      unitCount: stage === 0 ? unitCount + 1 : unitCount,
    })),
  };
}

function architectureOf(depth: ResNetDepth | Architecture): Architecture {
  if (typeof depth !== "object" || depth === null) {
    const known: Architecture | undefined = typeof depth === "number" ? architectures[depth] : undefined;
    const expected = `one of ${Object.keys(architectures).join(", ")}, or a unit and its count in each stage`;
    requireOption("depth", known !== undefined, expected, depth);
    return known;
  }
  requireOption(
    "depth.unit",
    depth.unit === "basic" || depth.unit === "bottleneck",
    '"basic" or "bottleneck"',
    depth.unit,
  );
  const counts = depth.unitCounts;
  const valid =
    Array.isArray(counts) &&
    counts.length > 0 &&
    counts.every((count) => Number.isSafeInteger(count) && count > 0);
  requireOption("depth.unitCounts", valid, "a list of at least one whole number above 0", counts);
  return depth;
}

function requireOption(option: string, valid: boolean, expected: string, received: unknown): asserts valid {
  if (!valid) throw new InvalidOptionError({ option, expected, received });
}
