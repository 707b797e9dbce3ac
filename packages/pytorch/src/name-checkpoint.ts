import { InvalidOptionError } from "@blockwise/spec";

/** What the tensors of a checkpoint are called in a network of Blockwise. */
export interface NamedCheckpoint {
  /** What stands before the backbone's names in the file: `"model.module.backbone."`. */
  readonly prefix: string;
  /** A network's names, to those in the file: `"pool_head.0.0.weight"` to `"pool_conv_block_1.0.weight"`. */
  readonly names: ReadonlyMap<string, string>;
  /** Tensors of the file that a network has no place for: classifiers, optimiser slots, counters of batches. */
  readonly unused: readonly string[];
}

/** Names that every ResNet as torchvision builds it has, whatever stands before them. */
const marks = ["conv1.weight", "bn1.running_mean", "layer1.0.conv1.weight"] as const;

const backboneName = /^(conv1|bn1|layer\d+\.\d+)\./;

/** How heads are called behind the backbone's prefix: by the authors, from 1; and here, from 0. */
const headNames: readonly (readonly [RegExp, (index: number) => number])[] = [
  [/^pool_conv_block_(\d+)\./, (index) => index - 1],
  [/^pool_head\.(\d+)\./, (index) => index],
];

/**
 * Finds a backbone with torchvision's names in a checkpoint, with the heads and projectors that belong to it.
 *
 * Known are a plain `resnet…pth` of torchvision; Barlow Twins' `resnet50.pth` and `checkpoint.pth`
 * (`model.module.backbone.`, `model.module.projector.`); those of the paper's authors, with `pool_conv_block_1.` to `4.`
 * beside the layers and `projector_list.0.` to `3.`; what Blockwise writes; and any other nesting and prefix.
 *
 * @param names of the file's tensors, with the way to them
 * @param options.prefix which one, where the file holds several backbones
 * @throws InvalidOptionError where there is none, or more than one
 * @example
 * const { names } = nameCheckpoint(file.tensors.keys());
 */
export function nameCheckpoint(
  names: Iterable<string>,
  options: { readonly prefix?: string } = {},
): NamedCheckpoint {
  const all = [...names];
  const prefix = choosePrefix(all, options.prefix);
  const around = prefix.endsWith("backbone.") ? prefix.slice(0, -"backbone.".length) : prefix;
  const known = new Map<string, string>();
  const unused: string[] = [];
  for (const name of all) {
    const own = ownName(name, prefix, around);
    if (own === null || own.endsWith(".num_batches_tracked")) unused.push(name);
    else known.set(own, name);
  }
  return { prefix, names: known, unused };
}

function choosePrefix(names: readonly string[], wanted: string | undefined): string {
  const all = new Set(names);
  const [first, ...others] = marks;
  const prefixes = names
    .filter((name) => name === first || name.endsWith(`.${first}`))
    .map((name) => name.slice(0, name.length - first.length))
    .filter((prefix) => others.every((mark) => all.has(prefix + mark)));
  const chosen = wanted === undefined ? prefixes : prefixes.filter((prefix) => prefix === wanted);
  const [prefix] = chosen;
  if (prefix !== undefined && chosen.length === 1) return prefix;
  throw new InvalidOptionError({
    option: wanted === undefined ? "names" : "prefix",
    expected:
      prefixes.length === 0
        ? `those of a checkpoint that holds a ResNet with torchvision's names (${marks.join(", ")})`
        : `one of ${prefixes.map((found) => JSON.stringify(found)).join(", ")}, which the backbones in the file have`,
    received: wanted ?? names.slice(0, 5),
    ...(prefixes.length > 1 ? { hint: "Say which one is meant by its prefix." } : {}),
  });
}

/** What a tensor is called in a network; null for one that has no place there. */
function ownName(name: string, prefix: string, around: string): string | null {
  if (name.startsWith(prefix)) {
    const local = name.slice(prefix.length);
    if (backboneName.test(local)) return local;
    for (const [pattern, indexOf] of headNames) {
      const match = pattern.exec(local);
      if (match !== null) return `pool_head.${indexOf(Number(match[1]))}.${local.slice(match[0].length)}`;
    }
  }
  if (!name.startsWith(around)) return null;
  const local = name.slice(around.length);
  const several = /^projector(?:_list)?\.(\d+)\.(?=\d)/.exec(local);
  if (several !== null) return `projector.${several[1]}.${local.slice(several[0].length)}`;
  // One `Sequential` of Barlow Twins: its layers' numbers follow at once.
  const one = /^projector\.(?=\d+\.[a-z])/.exec(local);
  return one === null ? null : `projector.0.${local.slice(one[0].length)}`;
}
