import type { OnlineReadingV1, OnlineScoreV1 } from "@blockwise/evaluate";

/** One line for a reading, block by block: `"held-out top-1, probe 31.2 45.0 %, neighbours 30.1 40.2 %"`. */
export function describeOnline({ blocks }: OnlineReadingV1): string {
  const row = (value: (score: OnlineScoreV1) => number | null): string =>
    blocks.map((score) => value(score)?.toFixed(1) ?? "-").join(" ");
  return (
    `held-out top-1: probe on heads ${row(({ heldOut }) => heldOut.head)} %, ` +
    `pooled ${row(({ heldOut }) => heldOut.raw)} %, neighbours ${row(({ neighbors }) => neighbors)} %`
  );
}
