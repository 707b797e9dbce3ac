import { InvalidOptionError } from "@blockwise/spec";
import type { BlockDefinition } from "../wiring/block-definition.js";
import type { ResolvedTimetable, Timetable } from "./timetable.js";

/**
 * Checks that blocks can be trained in turns.
 *
 * @throws InvalidOptionError for blocks that share units, one of which would change while the other is frozen, and for a
 * loss that looks at the next block while that one has yet to begin.
 */
export function requireTimetableFits(
  timetable: Timetable,
  { windows }: ResolvedTimetable,
  blocks: readonly BlockDefinition[],
): void {
  if (timetable === "simultaneous") return;
  for (const [index, block] of blocks.entries()) {
    const next = blocks[index + 1];
    if (next === undefined) continue;
    if (block.lentCount > 0) {
      throw new InvalidOptionError({
        option: "timetable",
        expected: `"simultaneous" with blocks that share units (${block.id} and ${next.id})`,
        received: timetable,
        hint: "Let the blocks learn together, or cut the network so that each unit is in one block.",
      });
    }
    const [begin = 0, nextBegin = 0] = [windows[index]?.start, windows[index + 1]?.start];
    if (block.loss.capabilities.nextBlock === true && nextBegin > begin) {
      throw new InvalidOptionError({
        option: "timetable",
        expected: `one in which ${next.id} begins no later than ${block.id}, whose loss "${block.loss.id}" looks at it`,
        received: timetable,
        hint: 'Use "simultaneous", or a loss that looks at its own block alone.',
      });
    }
  }
}
