import { type BackboneUnitV1, type BackboneV1, InvalidOptionError } from "@blockwise/spec";

interface Run {
  /** Places in the backbone: the first unit, and the one after the last. */
  readonly start: number;
  readonly end: number;
}

/**
 * Cuts a backbone as lists of unit ids say. Consecutive lists may share the units at their border.
 *
 * @throws InvalidOptionError for lists that are no runs of units, leave one out or cut behind a unit that goes with the
 * next; and for a block that would have no unit of its own, which a unit in three blocks implies.
 */
export function explicitGroups(
  backbone: BackboneV1,
  lists: readonly (readonly string[])[],
): readonly (readonly BackboneUnitV1[])[] {
  const { units } = backbone;
  const ids = units.map(({ id }) => id);
  const runs = lists.map((list) => runOf(list, ids)).filter((run) => run !== null);
  if (runs.length !== lists.length || !coverAll(runs, units)) {
    throw new InvalidOptionError({
      option: "partition",
      expected: `lists that name each unit in order, none empty, the stem together with the unit after it (${ids.join(", ")}), neighbours sharing at most the units at their border`,
      received: lists,
    });
  }
  for (const [index, run] of runs.entries()) {
    const ownStart = Math.max(run.start, runs[index - 1]?.end ?? 0);
    const ownEnd = Math.min(run.end, runs[index + 1]?.start ?? ids.length);
    if (ownStart < ownEnd) continue;
    throw new InvalidOptionError({
      option: "partition",
      expected: `lists each of which names a unit that no other does, unlike [${lists[index]?.join(", ")}]`,
      received: lists,
      hint: "Share fewer units, or make fewer blocks.",
    });
  }
  return runs.map(({ start, end }) => units.slice(start, end));
}

function runOf(list: unknown, ids: readonly string[]): Run | null {
  if (!Array.isArray(list) || list.length === 0) return null;
  const start = ids.indexOf(list[0]);
  const matches = start >= 0 && list.every((id, index) => id === ids[start + index]);
  return matches ? { start, end: start + list.length } : null;
}

/** Whether runs go through all units, each further than the one before, and cut only where a cut may be. */
function coverAll(runs: readonly Run[], units: readonly BackboneUnitV1[]): boolean {
  const mayCut = (place: number): boolean => units[place - 1]?.joinsNext !== true;
  return (
    runs[0]?.start === 0 &&
    runs.at(-1)?.end === units.length &&
    runs.every(({ start, end }, index) => {
      const next = runs[index + 1];
      return (
        mayCut(start) &&
        mayCut(end) &&
        (next === undefined || (start < next.start && next.start <= end && end < next.end))
      );
    })
  );
}
