import { InvalidOptionError } from "@blockwise/spec";
import { balanceGroups } from "../cost/balance-groups.js";
import type { BlockDefinition } from "../wiring/block-definition.js";
import type { BlockWorkersOptions } from "./block-workers-options.js";

/** The blocks, by their places, of each thread. */
export type Placement = readonly (readonly number[])[];

/**
 * Checks that blocks can be placed so.
 *
 * @throws InvalidOptionError for more threads than there are blocks to be apart, lists that are not all blocks in order, or
 * blocks in two threads that share units or one of which looks at the other.
 */
export function requirePlacement(
  placement: BlockWorkersOptions["placement"],
  blocks: readonly BlockDefinition[],
): void {
  const pieces = inseparable(blocks);
  if (typeof placement === "number") {
    if (Number.isSafeInteger(placement) && placement >= 1 && placement <= pieces.length) return;
    const joined = pieces.length < blocks.length ? `, some of which stay together: ${whyJoined(blocks)}` : "";
    throw new InvalidOptionError({
      option: "blockWorkers",
      expected: `a whole number from 1 to ${pieces.length} for these ${blocks.length} blocks${joined}`,
      received: placement,
      hint: "Ask for fewer threads, or cut the network into more blocks.",
    });
  }
  requireAllInOrder(placement, blocks);
  for (const [first = 0] of placement.slice(1)) {
    if (pieces.some(([start]) => start === first)) continue;
    const [before, after] = [blocks[first - 1]?.id, blocks[first]?.id];
    throw new InvalidOptionError({
      option: "blockWorkers",
      expected: `a placement with ${before} and ${after} in one thread: ${whyJoined(blocks.slice(first - 1, first + 1))}`,
      received: placement,
      hint: "Put them together, or give a number of threads.",
    });
  }
}

function requireAllInOrder(placement: Placement, blocks: readonly BlockDefinition[]): void {
  const isInOrder =
    Array.isArray(placement) &&
    placement.every((own) => Array.isArray(own) && own.length > 0) &&
    placement.flat().length === blocks.length &&
    placement.flat().every((block, index) => block === index);
  if (isInOrder) return;
  throw new InvalidOptionError({
    option: "blockWorkers",
    expected: `a number of threads, or a list for each with the places of its blocks, together 0 to ${blocks.length - 1} in order`,
    received: placement,
  });
}

/**
 * Which thread has which blocks: as it is said, or so that the slowest takes as little time as can be.
 *
 * @param measure gives the seconds that each block's step takes
 */
export function placeBlocks(
  placement: BlockWorkersOptions["placement"],
  blocks: readonly BlockDefinition[],
  measure: () => readonly number[],
): Placement {
  if (typeof placement !== "number") return placement;
  const pieces = inseparable(blocks);
  const seconds = placement === 1 || placement === pieces.length ? blocks.map(() => 1) : measure();
  const starts = balanceGroups(pieces.length, placement, (start, end) =>
    pieces
      .slice(start, end)
      .flat()
      .reduce((sum, block) => sum + (seconds[block] ?? 0), 0),
  );
  return starts.map((start, worker) => pieces.slice(start, starts[worker + 1] ?? pieces.length).flat());
}

/** Who has which blocks, for people: `"layer1 (0.21 s a step) | layer2 layer3 (0.19 s a step)"`. */
export function describePlacement(
  placement: Placement,
  blocks: readonly BlockDefinition[],
  seconds: readonly number[] | null,
): string {
  return placement
    .map((own) => {
      const ids = own.map((block) => blocks[block]?.id).join(" ");
      if (seconds === null) return ids;
      const sum = own.reduce((total, block) => total + (seconds[block] ?? 0), 0);
      return `${ids} (${sum.toPrecision(2)} s a step)`;
    })
    .join(" | ");
}

/** Neighbours that share units or one of which looks at the other work on the same tensors, in one thread. */
function inseparable(blocks: readonly BlockDefinition[]): Placement {
  const pieces: number[][] = [];
  for (const { index } of blocks) {
    const before = blocks[index - 1];
    if (before !== undefined && isJoined(before)) pieces.at(-1)?.push(index);
    else pieces.push([index]);
  }
  return pieces;
}

function isJoined({ lentCount, loss }: BlockDefinition): boolean {
  return lentCount > 0 || loss.capabilities.nextBlock === true;
}

function whyJoined(blocks: readonly BlockDefinition[]): string {
  const lending = blocks.find(({ lentCount }, index) => lentCount > 0 && index + 1 < blocks.length);
  if (lending !== undefined) return `${lending.id} shares units with the block after it`;
  const looking = blocks.find(({ loss }) => loss.capabilities.nextBlock === true);
  return `the loss "${looking?.loss.id}" of ${looking?.id} looks at the block after it as the step before left it`;
}
