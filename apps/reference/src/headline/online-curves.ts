import type { OnlineReadingV1 } from "@blockwise/evaluate";
import type { OnlineCurveV1 } from "@blockwise/report";

/** The curve of each block over the readings of the online probe. */
export function onlineCurves(readings: readonly OnlineReadingV1[]): readonly OnlineCurveV1[] {
  const blocks = [...new Set(readings.flatMap((reading) => reading.blocks.map(({ block }) => block)))];
  return blocks.map((block) => {
    const read = readings.flatMap(({ step, blocks: scores }) =>
      scores.filter((score) => score.block === block).map((score) => ({ step, ...score })),
    );
    return {
      block,
      steps: read.map(({ step }) => step),
      raw: read.map(({ heldOut }) => heldOut.raw),
      head: read.map(({ heldOut }) => heldOut.head),
      neighbors: read.map(({ neighbors }) => neighbors),
    };
  });
}
