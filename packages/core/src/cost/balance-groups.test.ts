import { describe, expect, it } from "vitest";
import { balanceGroups, type GroupCost } from "./balance-groups.js";

/** All ways to cut so many pieces into so many groups, by their first pieces. */
function allCuts(pieceCount: number, groupCount: number, from = 0): number[][] {
  if (groupCount === 1) return [[from]];
  return Array.from({ length: pieceCount - from - groupCount + 1 }, (_, size) => from + size + 1).flatMap(
    (next) => allCuts(pieceCount, groupCount - 1, next).map((rest) => [from, ...rest]),
  );
}

function costsOf(starts: readonly number[], pieceCount: number, cost: GroupCost): number[] {
  return starts.map((start, group) => cost(start, starts[group + 1] ?? pieceCount, group));
}

/** Numbers from 0 to 99, the same in every run. */
function randomNumbers(count: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * 100);
  });
}

describe("balanceGroups", () => {
  it("is as good as the best of all cuts, for the largest group and then for the squares", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const pieceCount = 2 + (seed % 8);
      const pieces = randomNumbers(pieceCount, seed);
      const ends = randomNumbers(pieceCount + 1, seed + 1000);
      const cost: GroupCost = (start, end, group) =>
        pieces.slice(start, end).reduce((sum, piece) => sum + piece, 0) +
        (ends[end] ?? 0) * (group === 1 ? 2 : 1);
      for (let groupCount = 1; groupCount <= pieceCount; groupCount++) {
        const judge = (starts: readonly number[]) => {
          const costs = costsOf(starts, pieceCount, cost);
          return [Math.max(...costs), costs.reduce((sum, own) => sum + own ** 2, 0)] as const;
        };
        const best = allCuts(pieceCount, groupCount)
          .map(judge)
          .reduce((a, b) => (b[0] < a[0] || (b[0] === a[0] && b[1] < a[1]) ? b : a));
        const starts = balanceGroups(pieceCount, groupCount, cost);
        expect(starts).toHaveLength(groupCount);
        expect(judge(starts)).toEqual(best);
      }
    }
  });

  it("takes pieces that cost nothing into groups too, none of them empty", () => {
    expect(balanceGroups(4, 4, () => 0)).toEqual([0, 1, 2, 3]);
    expect(balanceGroups(3, 1, (start, end) => end - start)).toEqual([0]);
  });
});
