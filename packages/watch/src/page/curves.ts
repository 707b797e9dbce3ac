import { type Html, html, type StepsCurve, stepsChart } from "@blockwise/report/drawing";
import type { StepTable } from "../read/step-table.js";

/** A chart of a table's curves. */
export interface CurvesOptions {
  /** Unique in the page. */
  readonly id: string;
  readonly title: string;
  /** What it shows, in a sentence without its full stop. */
  readonly about: string;
  /** The unit or name on the vertical axis. */
  readonly unit: string;
  readonly table: StepTable;
  /** Names in the order in which they are to come; others follow. */
  readonly order?: readonly string[];
  /** What a curve is called. @default its name */
  readonly nameOf?: (name: string) => string;
  readonly factor?: number;
  readonly layout?: "full" | "half";
  readonly format: (value: number | null | undefined) => string;
}

/** Draws a table's curves; nothing while it has no number. */
export function curvesChart(options: CurvesOptions): Html {
  const { id, title, about, unit, table, order = [], nameOf = (name) => name, factor = 1, format } = options;
  const { steps, values, stride } = table.curves();
  const curves = inOrder([...values.keys()], order).map((name): StepsCurve => {
    const scaled = (values.get(name) ?? []).map((value) => (value === null ? null : value * factor));
    return { name: nameOf(name), steps, values: scaled };
  });
  if (!curves.some(({ values }) => values.some((value) => value !== null))) return html``;
  const means = stride === 1 ? "" : `; each point is the mean of up to ${stride} steps`;
  try {
    return stepsChart({
      id,
      title,
      description: () => `${about}${means}.`,
      verticalTitle: unit,
      curves,
      format,
      layout: options.layout ?? "full",
      isLive: true,
    });
  } catch {
    // The charts' library refuses some axes that no run needs; the rest of the page is not to go with it.
    return html`<p class="muted">${title}: its numbers lie too far apart to be drawn.</p>`;
  }
}

/** The same names, those of `order` first and in its order. */
export function inOrder(names: readonly string[], order: readonly string[]): readonly string[] {
  const known = order.filter((name) => names.includes(name));
  return [...known, ...names.filter((name) => !known.includes(name))];
}
