import { formatPercent, formatSignificant, type Html, html } from "@blockwise/report/drawing";
import type { HealthField } from "../read/log-state.js";
import { asObject } from "../read/read-whole.js";
import type { StepTable } from "../read/step-table.js";
import { curvesChart, inOrder } from "./curves.js";
import type { Section } from "./section.js";

/** The loss of each block. */
export const lossSection: Section = {
  name: "loss",
  parts: ["log"],
  render: ({ reader: { log, progress } }) =>
    withHeading(
      "Loss by block",
      curvesChart({
        id: "loss-chart",
        title: "Loss",
        about: "Local loss, one line a block; blocks may differ in scale",
        unit: "loss",
        table: log.loss,
        order: progress.blocks,
        format: formatSignificant,
      }),
    ),
};

/** What each block's loss is the sum of. */
export const termsSection: Section = {
  name: "terms",
  parts: ["log"],
  render: ({ reader: { log, progress } }) => {
    const charts = inOrder([...log.terms.keys()], progress.blocks).flatMap((block, index) => {
      const table = log.terms.get(block);
      // A loss of one term is that term.
      if (table === undefined || table.curves().values.size < 2) return [];
      return [
        curvesChart({
          id: `terms-${index}`,
          title: `Terms of the loss, ${block}`,
          about: "What the block's loss is the sum of",
          unit: "loss",
          table,
          layout: "half",
          format: formatSignificant,
        }),
      ];
    });
    return halves("Terms of the loss", charts);
  },
};

/** What an online probe makes of each block. */
export const onlineSection: Section = {
  name: "online",
  parts: ["online", "objects", "progress"],
  render: ({ reader }) => {
    const { online, progress } = reader;
    const chart = (score: "raw" | "head" | "neighbors", title: string, about: string): Html => {
      const table = online.scores.get(score);
      if (table === undefined) return html``;
      return curvesChart({
        id: `online-${score}`,
        title,
        about,
        unit: "top-1, %",
        table,
        order: progress.blocks,
        layout: score === "raw" ? "full" : "half",
        format: formatPercent,
      });
    };
    const main = chart(
      "raw",
      "Online probe",
      "Held-out accuracy of a linear classifier that learns on each block's pooled features beside the network",
    );
    if (main.markup !== "") {
      return html`<h2>Accuracy while training</h2>${main}<div class="halves">${chart("head", "On the heads' output", "The same on the output of each block's head")}${chart("neighbors", "Nearest neighbours", "Held-out accuracy of nearest neighbours on pooled features")}</div>`;
    }
    const evaluation = asObject(reader.object("config")?.evaluation);
    if (evaluation === null || evaluation.online !== null) return html``;
    return html`<h2>Accuracy while training</h2><p class="muted">This run has no online probe. One follows every block of a run with labels whose configuration has the field <code>evaluation.online</code>.</p>`;
  },
};

const healthCharts: readonly {
  readonly field: HealthField;
  readonly title: string;
  readonly about: string;
  readonly unit: string;
}[] = [
  {
    field: "effectiveRank",
    title: "Effective rank",
    about:
      "In how many directions a batch's embeddings spread: from 1, a line, to the smaller of batch and width",
    unit: "directions",
  },
  {
    field: "meanAbsoluteCorrelation",
    title: "Correlation",
    about: "Mean absolute correlation between dimensions of the embeddings: 1 where all say the same",
    unit: "0 to 1",
  },
  {
    field: "trustRatio",
    title: "Size of the updates",
    about: "Norm of the update over norm of the weights; a thousandth is usual",
    unit: "ratio",
  },
  { field: "gradientNorm", title: "Gradient", about: "L2 norm of the block's gradients", unit: "norm" },
  { field: "weightNorm", title: "Weights", about: "L2 norm of the block's parameters", unit: "norm" },
];

/** The health of each block. */
export const healthSection: Section = {
  name: "health",
  parts: ["log"],
  render: ({ reader: { log, progress } }) => {
    const chart = (id: string, title: string, about: string, unit: string, table: StepTable): Html =>
      curvesChart({
        id: `health-${id}`,
        title,
        about,
        unit,
        table,
        order: progress.blocks,
        layout: "half",
        format: formatSignificant,
      });
    const deviation = chart(
      "deviation",
      "Deviation of embeddings",
      "Mean deviation of normalised embeddings: 0 where they have collapsed to a point",
      "deviation",
      log.embeddingDeviation,
    );
    const measured = healthCharts.map(({ field, title, about, unit }) => {
      const table = log.health.get(field);
      return table === undefined ? html`` : chart(field, title, about, unit, table);
    });
    return halves("Health of the blocks", [deviation, ...measured]);
  },
};

/** A heading over charts that stand side by side where there is room; nothing without charts. */
export function halves(title: string, charts: readonly Html[]): Html {
  const drawn = charts.filter(({ markup }) => markup !== "");
  return drawn.length === 0 ? html`` : html`<h2>${title}</h2><div class="halves">${drawn}</div>`;
}

function withHeading(title: string, chart: Html): Html {
  return chart.markup === "" ? chart : html`<h2>${title}</h2>${chart}`;
}
