import type { CorruptionRecord } from "./corruptions.js";
import { formatColumns, percent } from "./summary-table.js";

/** Errors by corruption and block, for people. */
export function summarizeCorruptions({ blocks, against }: CorruptionRecord): string {
  const names = Object.keys(blocks[0]?.byCorruption ?? {});
  const errors = formatColumns(
    ["error in %, mean over severities", ...blocks.map(({ block }) => block)],
    [
      ["clean", ...blocks.map(({ clean }) => percent(clean))],
      ...names.map((name) => [
        name,
        ...blocks.map(({ meanBySeverity }) => percent(meanBySeverity[name] ?? null)),
      ]),
      ["mean corruption error", ...blocks.map(({ mean }) => percent(mean))],
    ],
  );
  if (against === null) return errors;
  const relative = formatColumns(
    [`% of the errors of ${against}`, ...blocks.map(({ block }) => block)],
    [
      ...names.map((name) => [
        name,
        ...blocks.map((block) => percent(block.against?.corruptionError[name] ?? null)),
      ]),
      ["mCE", ...blocks.map((block) => percent(block.against?.meanCorruptionError ?? null))],
      ["relative mCE", ...blocks.map((block) => percent(block.against?.relativeMeanCorruptionError ?? null))],
    ],
  );
  return `${errors}\n\n${relative}`;
}
