import type { LineListener } from "./line-tail.js";
import { asObject, asStep } from "./read-whole.js";
import { StepTable } from "./step-table.js";

/** The numbers of a block's health, as `log.jsonl` has them. */
export const healthFields = [
  "effectiveRank",
  "meanAbsoluteCorrelation",
  "gradientNorm",
  "weightNorm",
  "trustRatio",
] as const;

/** A number of a block's health. */
export type HealthField = (typeof healthFields)[number];

/** Said once of a block. */
export interface ShownWarning {
  readonly step: number;
  readonly message: string;
}

const mostWarnings = 50;
const mostBlocks = 256;

/** What `log.jsonl` has come to. */
export class LogState implements LineListener {
  readonly loss: StepTable = new StepTable();
  readonly embeddingDeviation: StepTable = new StepTable();
  readonly learningRate: StepTable = new StepTable();
  readonly health: ReadonlyMap<HealthField, StepTable> = new Map(
    healthFields.map((field) => [field, new StepTable()]),
  );
  readonly #terms = new Map<string, StepTable>();
  readonly #warnings = new Map<string, ShownWarning>();
  #lastStep: number | null = null;

  /** By block. */
  get terms(): ReadonlyMap<string, StepTable> {
    return this.#terms;
  }

  /** Once by block and kind. */
  get warnings(): readonly ShownWarning[] {
    return [...this.#warnings.values()];
  }

  get lastStep(): number | null {
    return this.#lastStep;
  }

  onReset(): void {
    for (const table of [this.loss, this.embeddingDeviation, this.learningRate, ...this.health.values()]) {
      table.clear();
    }
    this.#terms.clear();
    this.#warnings.clear();
    this.#lastStep = null;
  }

  onLine(line: Readonly<Record<string, unknown>>): void {
    const step = asStep(line.step);
    if (step === null) return;
    this.#lastStep = step;
    this.loss.add(step, fieldsOf(line.loss));
    this.embeddingDeviation.add(step, fieldsOf(line.embeddingDeviation));
    this.learningRate.add(step, fieldsOf(line.learningRate));
    for (const [block, terms] of fieldsOf(line.terms)) {
      const table = this.#terms.get(block) ?? new StepTable();
      if (!this.#terms.has(block) && this.#terms.size >= mostBlocks) continue;
      this.#terms.set(block, table);
      table.add(step, fieldsOf(terms));
    }
    const health = fieldsOf(line.health).map(([block, report]) => [block, asObject(report)] as const);
    if (health.length > 0) {
      for (const [field, table] of this.health) {
        table.add(
          step,
          health.map(([block, report]) => [block, report?.[field]] as const),
        );
      }
    }
    this.#takeWarnings(step, line.warnings);
  }

  #takeWarnings(step: number, warnings: unknown): void {
    if (!Array.isArray(warnings)) return;
    for (const warning of warnings) {
      const { block, kind, message } = asObject(warning) ?? {};
      const name = `${String(kind)} ${String(block)}`;
      if (typeof message !== "string" || this.#warnings.has(name)) continue;
      if (this.#warnings.size < mostWarnings) this.#warnings.set(name, { step, message });
    }
  }
}

function fieldsOf(value: unknown): readonly (readonly [string, unknown])[] {
  return Object.entries(asObject(value) ?? {});
}
