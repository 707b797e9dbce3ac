import type { ComparedSide, TorchComparison } from "./compare-torch.js";

/** A table for people; memory in MiB. */
export function comparisonTable({ model, mode, batch, size, rounds, steps, sides }: TorchComparison): string {
  const lines = sides.map((side) => [
    side.side === "ours" ? `ours: ${side.description}` : side.description,
    side.pairsPerSecond.toFixed(1),
    side.gflopsPerSecond.toFixed(1),
    side.gemmGflopsPerSecond.toFixed(0),
    percent(side.shareOfOwnGemm),
    percent(side.shareOfBestGemm),
    mebibytes(side.stepMemoryBytes),
    mebibytes(side.memory.peakBytes),
    describeRatio(side),
  ]);
  const widths = HEAD.map((_, column) =>
    Math.max(...[HEAD, ...lines].map((cells) => cells[column]?.length ?? 0)),
  );
  const row = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ");
  return [
    `${model} ${mode}, batch ${batch}, ${size} px; ${rounds} rounds of ${steps} steps in turn`,
    row(HEAD),
    ...lines.map(row),
  ].join("\n");
}

const HEAD = [
  "",
  "pairs/s",
  "GFLOP/s",
  "GEMM",
  "of own",
  "of best",
  "step MiB",
  "peak MiB",
  "ours is",
] as const;

function describeRatio({ side, ratio }: ComparedSide): string {
  if (side === "ours") return "";
  return `${ratio.median.toFixed(2)}x (${ratio.least.toFixed(2)}-${ratio.most.toFixed(2)})`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}
