import { descriptionList, formatPercent, html, table } from "@blockwise/report/drawing";
import type { JsonObject } from "@blockwise/spec";
import { asNumber, asObject } from "../read/read-whole.js";
import type { Section } from "./section.js";

/** What the trained network scored, where it has been evaluated. */
export const scoresSection: Section = {
  name: "scores",
  parts: ["objects"],
  render: ({ reader }) => {
    const blocks = reader.object("evaluation")?.blocks;
    if (!Array.isArray(blocks)) return html``;
    const rows = blocks.slice(0, 256).flatMap((entry) => {
      const report = asObject(entry);
      if (report === null) return [];
      const probe = asObject(report.linearProbe);
      const top1 = (score: unknown): string => formatPercent(asNumber(asObject(score)?.top1));
      return [[String(report.block), top1(probe?.raw), top1(probe?.head), top1(asObject(report.knn)?.raw)]];
    });
    if (rows.length === 0) return html``;
    return html`<h2>Scores of the trained network</h2>${table({
      caption: "Held-out accuracy after each block, top-1 in %",
      head: ["Block", "Linear probe, pooled", "Linear probe, head", "Nearest neighbours"],
      groups: [{ rows }],
    })}`;
  },
};

/** What the run was started with. */
export const settingsSection: Section = {
  name: "settings",
  parts: ["objects"],
  render: ({ reader }) => {
    const config = reader.object("config");
    if (config === null) return html``;
    return html`<h2>Settings</h2><details id="settings-list"><summary>The run's configuration</summary>${descriptionList(config as JsonObject)}</details>`;
  },
};
