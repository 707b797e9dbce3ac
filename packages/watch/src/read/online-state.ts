import type { LineListener } from "./line-tail.js";
import { asNumber, asObject, asStep } from "./read-whole.js";
import { StepTable } from "./step-table.js";

/** What an online probe says of a block: percent on held-out images. */
export const onlineScores = ["raw", "head", "neighbors"] as const;

/** What `online.jsonl` has come to: by kind of score, curves by block. */
export class OnlineState implements LineListener {
  readonly scores: ReadonlyMap<(typeof onlineScores)[number], StepTable> = new Map(
    onlineScores.map((score) => [score, new StepTable()]),
  );

  onReset(): void {
    for (const table of this.scores.values()) table.clear();
  }

  onLine(line: Readonly<Record<string, unknown>>): void {
    const step = asStep(line.step);
    if (step === null || !Array.isArray(line.blocks)) return;
    const blocks = line.blocks.flatMap((entry) => {
      const report = asObject(entry);
      if (report === null || typeof report.block !== "string") return [];
      const heldOut = asObject(report.heldOut);
      return [{ block: report.block, raw: heldOut?.raw, head: heldOut?.head, neighbors: report.neighbors }];
    });
    for (const [score, table] of this.scores) {
      table.add(
        step,
        blocks.map((report) => [report.block, asNumber(report[score])] as const),
      );
    }
  }
}
