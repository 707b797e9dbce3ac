/** What a group of neighbouring pieces costs: those from `start` up to `end` (not included), as the group of that index. */
export type GroupCost = (start: number, end: number, group: number) => number;

/**
 * Cuts a row of pieces into so many groups of neighbours, none empty, such that the largest group's cost is as small as
 * can be; of all such cuts it takes the one with the least sum of squared costs. Exact, by dynamic programming in
 * `O(groups * pieces^2)`.
 *
 * @param groupCount From 1 to `pieceCount`.
 * @returns the first piece of each group.
 */
export function balanceGroups(pieceCount: number, groupCount: number, cost: GroupCost): readonly number[] {
  const memo = new Map<number, number>();
  const costOf: GroupCost = (start, end, group) => {
    const key = (group * (pieceCount + 1) + start) * (pieceCount + 1) + end;
    const known = memo.get(key) ?? cost(start, end, group);
    memo.set(key, known);
    return known;
  };
  const largest = bestCuts(pieceCount, groupCount, costOf, Math.max).total;
  const squares = bestCuts(pieceCount, groupCount, costOf, (sum, own) =>
    own > largest ? Number.POSITIVE_INFINITY : sum + own ** 2,
  );
  return squares.starts;
}

/** The cuts whose groups' costs, joined from the first to the last by an operation that never falls, come to the least. */
function bestCuts(
  pieceCount: number,
  groupCount: number,
  costOf: GroupCost,
  join: (before: number, own: number) => number,
): { readonly total: number; readonly starts: readonly number[] } {
  interface Cut {
    readonly total: number;
    readonly starts: readonly number[];
  }
  // By how many pieces are in groups so far; undefined where that cannot be.
  let best: readonly (Cut | undefined)[] = [{ total: 0, starts: [] }];
  for (let group = 0; group < groupCount; group++) {
    const next: (Cut | undefined)[] = [];
    for (let end = group + 1; end <= pieceCount - (groupCount - 1 - group); end++) {
      for (let start = group; start < end; start++) {
        const before = best[start];
        if (before === undefined) continue;
        const total = join(before.total, costOf(start, end, group));
        if (total < (next[end]?.total ?? Number.POSITIVE_INFINITY)) {
          next[end] = { total, starts: [...before.starts, start] };
        }
      }
    }
    best = next;
  }
  return best[pieceCount] ?? { total: Number.POSITIVE_INFINITY, starts: [] };
}
