import { type BackboneUnitV1, type BackboneV1, InvalidOptionError } from "@blockwise/spec";
import { explicitGroups } from "./explicit-partition.js";

/**
 * How a backbone is cut into blocks:
 * `"stages"` one block a stage (the paper's four); `"end-to-end"` one block; `"units"` one a residual unit;
 * a number: that many blocks, whole stages where it divides them, else as even in units as can be;
 * a list of lists of unit ids, in order. Neighbouring lists may share the units at their border: overlapping blocks, as in
 * LoCo (Xiong et al., 2020, arXiv 2008.01342).
 */
export type Partition = "end-to-end" | "stages" | "units" | number | readonly (readonly string[])[];

/** A block's place in the backbone. */
export interface BlockUnits {
  /** From the names of its stages or of its first and last unit: `"layer1"`, `"layer1.0-layer2.0"`. */
  readonly id: string;
  /** All that it runs, in order. */
  readonly units: readonly BackboneUnitV1[];
  /** How many of the first belong to the block before, which runs them too; 0 unless blocks overlap. */
  readonly borrowedCount: number;
  /** How many of the last the block after runs too, taking what comes before them; 0 unless blocks overlap. */
  readonly lentCount: number;
}

/**
 * Cuts a backbone into blocks, in order. Every unit is in one block, or in two neighbours where lists say so; every block
 * has a unit of its own.
 *
 * @throws InvalidOptionError for more blocks than units, a list that leaves out or reorders units or has none of its own,
 * or a backbone whose stages do not hold each unit once.
 */
export function partitionBackbone(backbone: BackboneV1, partition: Partition): readonly BlockUnits[] {
  requireWholeStages(backbone);
  const groups = groupUnits(backbone, partition);
  return groups.map((units, index) => ({
    id: nameBlock(backbone, units),
    units,
    borrowedCount: sharedCount(groups[index - 1], units),
    lentCount: sharedCount(units, groups[index + 1]),
  }));
}

function sharedCount(before: readonly BackboneUnitV1[] = [], after: readonly BackboneUnitV1[] = []): number {
  return after.filter((unit) => before.includes(unit)).length;
}

function requireWholeStages({ id, stages, units }: BackboneV1): void {
  const counts = stages.map(({ unitCount }) => unitCount);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === units.length && counts.every((count) => count > 0)) return;
  throw new InvalidOptionError({
    option: "backbone",
    expected: `one whose stages hold each of its ${units.length} units once`,
    received: `${id} with stages of ${counts.join(", ")}`,
  });
}

function groupUnits(backbone: BackboneV1, partition: Partition): readonly (readonly BackboneUnitV1[])[] {
  if (partition === "end-to-end") return [backbone.units];
  if (partition === "stages") return stagesOf(backbone);
  const pieces = indivisiblePieces(backbone);
  if (partition === "units") return pieces;
  if (typeof partition === "number") return evenGroups(backbone, pieces, partition);
  if (Array.isArray(partition)) return explicitGroups(backbone, partition);
  throw new InvalidOptionError({
    option: "partition",
    expected: '"stages", "end-to-end", "units", a number of blocks, or lists of unit ids',
    received: partition,
  });
}

function stagesOf(backbone: BackboneV1): readonly (readonly BackboneUnitV1[])[] {
  let start = 0;
  return backbone.stages.map(({ unitCount }) => {
    const units = backbone.units.slice(start, start + unitCount);
    start += unitCount;
    return units;
  });
}

/** The smallest groups of units that can be blocks, in order: each unit, the stem together with the one after it. */
export function indivisiblePieces(backbone: BackboneV1): readonly (readonly BackboneUnitV1[])[] {
  const pieces: BackboneUnitV1[][] = [];
  let open: BackboneUnitV1[] = [];
  for (const unit of backbone.units) {
    open.push(unit);
    if (unit.joinsNext === true) continue;
    pieces.push(open);
    open = [];
  }
  if (open.length > 0) pieces.push(open);
  return pieces;
}

function evenGroups(
  backbone: BackboneV1,
  pieces: readonly (readonly BackboneUnitV1[])[],
  blockCount: number,
): readonly (readonly BackboneUnitV1[])[] {
  if (!Number.isSafeInteger(blockCount) || blockCount < 1 || blockCount > pieces.length) {
    throw new InvalidOptionError({
      option: "partition",
      expected: `a whole number from 1 to ${pieces.length}, the number of units that ${backbone.id} can be cut into`,
      received: blockCount,
      hint: "Ask for fewer blocks or use a deeper backbone.",
    });
  }
  const stages = stagesOf(backbone);
  const source = stages.length % blockCount === 0 ? stages : pieces;
  return Array.from({ length: blockCount }, (_, block) =>
    source
      .slice(
        Math.round((block * source.length) / blockCount),
        Math.round(((block + 1) * source.length) / blockCount),
      )
      .flat(),
  );
}

/** A block's name: of its stages where it begins and ends with one, else of its first and last unit. */
export function nameBlock(backbone: BackboneV1, units: readonly BackboneUnitV1[]): string {
  const stages = stagesOf(backbone);
  const first = stages.findIndex((stage) => stage[0] === units[0]);
  const last = stages.findIndex((stage) => stage.at(-1) === units.at(-1));
  const named = units.filter((unit) => unit.joinsNext !== true);
  const [from, to] =
    first >= 0 && last >= 0
      ? [backbone.stages[first]?.id, backbone.stages[last]?.id]
      : [named[0]?.id, named.at(-1)?.id];
  return from === to ? String(from) : `${from}-${to}`;
}
