import type { Html } from "@blockwise/report/drawing";
import type { RunPart, RunReader } from "../read/run-reader.js";

/** What a part of a run's page is drawn from. */
export interface SectionContext {
  readonly reader: RunReader;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Which of the maps; null for the newest. */
  readonly at: number | null;
}

/** A part of a run's page, which is drawn anew when what it is made from changes. */
export interface Section {
  /** In addresses: small letters. */
  readonly name: string;
  readonly parts: readonly RunPart[];
  /** What it depends on beside these parts. */
  readonly also?: (context: SectionContext) => string;
  /** Empty where there is nothing to show. */
  readonly render: (context: SectionContext) => Html;
}
