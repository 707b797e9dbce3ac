import { InvalidOptionError } from "@blockwise/spec";
import { type Architecture, architectures, type ResNetDepth } from "./architectures.js";
import { expansion } from "./residual-units.js";
import type { ResNetOptions } from "./resnet.js";

/** What weights say about the ResNet that they are of; what they cannot say (`zeroInitResidual`) is left out. */
export type WeightsResNetOptions = Required<Omit<ResNetOptions, "zeroInitResidual">>;

/**
 * The options of the ResNet that weights with torchvision's names are of, from the shapes of its first convolution
 * (`[width, 3, 7, 7]` in the stem for ImageNet, `[width, 3, 3, 3]` in the one for small images) and the names of its units.
 *
 * Whether a stem of 7 pixels has its max-pool behind it, weights do not say: it is taken to.
 *
 * @param shapes PyTorch's, by name; other tensors among them do not matter
 * @throws InvalidOptionError for weights that are of no such network
 * @example
 * resnet(resnetOptionsOf(shapes));
 */
export function resnetOptionsOf(shapes: ReadonlyMap<string, readonly number[]>): WeightsResNetOptions {
  const [width = 0, channels, kernelSize] = shapeOf(shapes, "conv1.weight");
  const inputChannels = requireOneOf("conv1.weight", channels, [1, 3] as const, shapes);
  const stem = requireOneOf("conv1.weight", kernelSize, [3, 7] as const, shapes) === 7 ? "imagenet" : "cifar";
  const unitCounts: number[] = [];
  while (shapes.has(`layer${unitCounts.length + 1}.0.conv1.weight`)) {
    const stage = unitCounts.length + 1;
    let count = 0;
    while (shapes.has(`layer${stage}.${count}.conv1.weight`)) count += 1;
    unitCounts.push(count);
  }
  const first = "layer1.0.conv1.weight";
  requireOneOf(first, shapeOf(shapes, first)[0], [width], shapes);
  const unit = shapes.has("layer1.0.conv3.weight") ? "bottleneck" : "basic";
  const last = unit === "basic" ? "layer1.0.conv2.weight" : "layer1.0.conv3.weight";
  requireOneOf(last, shapeOf(shapes, last)[0], [width * expansion[unit]], shapes);
  return { depth: nameOf({ unit, unitCounts }), width, stem, inputChannels };
}

/** A depth by its name, where it has one. */
function nameOf(architecture: Architecture): ResNetDepth | Architecture {
  const { unit, unitCounts } = architecture;
  const named = ([18, 34, 50, 101, 152] as const).find((depth) => {
    const known = architectures[depth];
    return known.unit === unit && known.unitCounts.join() === unitCounts.join();
  });
  return named ?? architecture;
}

function shapeOf(shapes: ReadonlyMap<string, readonly number[]>, name: string): readonly number[] {
  const shape = shapes.get(name);
  if (shape !== undefined) return shape;
  throw new InvalidOptionError({
    option: "weights",
    expected: `those of a ResNet with torchvision's names, "${name}" among them`,
    received: [...shapes.keys()].slice(0, 5),
  });
}

function requireOneOf<Value extends number>(
  name: string,
  value: number | undefined,
  allowed: readonly Value[],
  shapes: ReadonlyMap<string, readonly number[]>,
): Value {
  const found = allowed.find((one) => one === value);
  if (found !== undefined) return found;
  throw new InvalidOptionError({
    option: "weights",
    expected: `those of a ResNet as torchvision builds it; the shape of "${name}" is not`,
    received: shapes.get(name),
    hint: "Wide and grouped convolutions are not supported.",
  });
}
