import {
  formatBytes,
  formatPercent,
  formatSeconds,
  type Html,
  html,
  missing,
  table,
} from "@blockwise/report/drawing";
import type { RunReader } from "../read/run-reader.js";
import { type RunStatus, runStatus, trainingNumber } from "../read/run-status.js";
import { inOrder } from "./curves.js";
import { describeState, describeSteps, formatAligned, formatRate } from "./describe-state.js";
import type { Section } from "./section.js";

/** How the run is: state, place, speed, and the newest numbers of each block. */
export const statusSection: Section = {
  name: "status",
  parts: ["progress", "log", "online", "objects"],
  also: ({ reader, now }) => {
    const { state, silentMs } = runStatus(reader, now);
    return `${state}${Math.floor(silentMs / 60_000)}`;
  },
  render: ({ reader, now }) => {
    const status = runStatus(reader, now);
    const { word, sentence } = describeState(status);
    return html`<p class="state"><span class="badge ${status.state}">${word}</span> ${placeOf(status)}</p>
${imagesOf(reader)}
${sentence === "" ? "" : html`<p>${sentence}</p>`}
${progressBar(status)}
${tiles(reader, status)}
${warnings(reader)}
${blocksTable(reader)}`;
  },
};

/** What it learns from. */
function imagesOf(reader: RunReader): Html {
  const description = reader.object("input")?.description;
  return typeof description === "string" ? html`<p class="muted">${description}</p>` : html``;
}

function placeOf(status: RunStatus): string {
  if (status.state === "waiting") return "";
  const { latest } = status;
  const steps = `step ${describeSteps(status)}`;
  const epoch = latest?.epoch == null ? "" : `, epoch ${latest.epoch + 1}`;
  const phase = latest?.phase;
  const place = phase == null ? "" : `, ${phase.block} learns (block ${phase.index + 1} of ${phase.count})`;
  return `${steps}${epoch}${place}`;
}

function progressBar({ step, stepCount }: RunStatus): Html {
  if (stepCount === null || stepCount === 0) return html``;
  return html`<progress max="${stepCount}" value="${Math.min(step, stepCount)}" aria-label="Steps done">${describePart(step / stepCount)}</progress>`;
}

function describePart(part: number): string {
  return `${(100 * part).toFixed(0)} %`;
}

function tiles(reader: RunReader, { state, latest }: RunStatus): Html {
  const hasEnded = state === "finished" || state === "stopped";
  const of = (whole: string, now: number | null | undefined): number | null =>
    (hasEnded ? trainingNumber(reader, whole) : null) ?? now ?? null;
  const share = of("dataWaitShare", latest?.dataWaitShare);
  const rows: readonly (readonly [string, string])[] = [
    hasEnded
      ? ["Time taken", formatSeconds(trainingNumber(reader, "seconds"))]
      : ["Time left, about", formatSeconds(latest?.secondsLeft)],
    ["Images a second", formatRate(of("pairsPerSecond", latest?.pairsPerSecond))],
    ["Waiting for data", share === null ? missing : describePart(share)],
    [hasEnded ? "Most memory" : "Memory", formatBytes(of("peakMemoryBytes", latest?.memoryBytes))],
  ];
  if (rows.every(([, value]) => value === missing)) return html``;
  return html`<dl class="tiles">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function warnings({ log, progress }: RunReader): Html {
  const messages = [
    ...log.warnings.map(({ step, message }) => `Step ${step}: ${message}`),
    ...progress.notes,
  ];
  if (messages.length === 0) return html``;
  const said = [...new Set(messages)];
  return html`<div class="warnings" role="note"><strong>The run says</strong>
<ul>${said.map((message) => html`<li>${message}</li>`)}</ul></div>`;
}

/** The newest numbers, block by block. */
function blocksTable(reader: RunReader): Html {
  const { log, online, progress } = reader;
  const columns = [
    { title: "Loss", from: log.loss, format: formatAligned },
    { title: "Effective rank", from: log.health.get("effectiveRank"), format: formatAligned },
    { title: "Correlation", from: log.health.get("meanAbsoluteCorrelation"), format: formatAligned },
    { title: "Online probe, %", from: online.scores.get("raw"), format: formatPercent },
  ].flatMap(({ title, from, format }) => {
    const values = from?.last?.values;
    return values === undefined ? [] : [{ title, values, format }];
  });
  const names = inOrder([...new Set(columns.flatMap(({ values }) => [...values.keys()]))], progress.blocks);
  if (names.length === 0) return html``;
  return table({
    caption: "Blocks, as of the last step in which each number was measured",
    head: ["Block", ...columns.map(({ title }) => title)],
    groups: [
      {
        rows: names.map((name) => [name, ...columns.map(({ values, format }) => format(values.get(name)))]),
      },
    ],
  });
}
