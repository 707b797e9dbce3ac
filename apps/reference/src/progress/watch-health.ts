import { type HealthWarning, healthWarnings, type WatchedBlock } from "@blockwise/core";
import type { StepEventV1 } from "@blockwise/spec";

/** Gives what a step's health warns of that no step before did. */
export type HealthWatch = (event: StepEventV1) => readonly HealthWarning[];

/**
 * Watches the health of a run's blocks; each kind of warning comes once a block.
 *
 * @param find Gives a block by its id.
 * @param tell Is told the message of each warning.
 */
export function watchHealth(
  find: (block: string) => WatchedBlock | undefined,
  tell: (message: string) => void,
): HealthWatch {
  const told = new Set<string>();
  return ({ blocks }) => {
    const warnings = blocks
      .flatMap((report) => {
        const watched = find(report.block);
        return watched === undefined ? [] : healthWarnings(report, watched);
      })
      .filter(({ block, kind }) => {
        const name = `${kind} ${block}`;
        if (told.has(name)) return false;
        told.add(name);
        return true;
      });
    for (const { message } of warnings) tell(message);
    return warnings;
  };
}
