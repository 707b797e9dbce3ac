import { formatPercent, formatSeconds, type Html, html, table } from "@blockwise/report/drawing";
import type { FoundRun } from "../read/find-runs.js";
import { asNumber, asObject } from "../read/read-whole.js";
import type { RunReader } from "../read/run-reader.js";
import { runStatus } from "../read/run-status.js";
import { describeState, describeSteps, formatRate } from "./describe-state.js";

/** A run of a list, with what has been read of it. */
export interface ListedRun extends FoundRun {
  readonly reader: RunReader;
}

/** The runs of an experiment or a sweep, to choose from. */
export function runsSection(runs: readonly ListedRun[], now: number): Html {
  if (runs.length === 0) {
    return html`<p class="state"><span class="badge waiting">not begun</span></p><p>There is no run in this folder yet. The page shows them when they begin.</p>`;
  }
  const head = ["Run", "State", "Steps", "Progress", "Time left", "Images/s", "Last block, top-1 %"];
  const runsTable = table({
    caption: `${runs.length} ${runs.length === 1 ? "run" : "runs"}`,
    head,
    groups: [{ rows: runs.map((run) => runRow(run, now)) }],
  });
  return html`<div class="runs">${runsTable}</div><p class="muted">Accuracy after the last block, on held-out images: of the linear probe, or before there is one, of the online probe.</p>`;
}

function runRow({ id, name, reader }: ListedRun, now: number): readonly (string | Html)[] {
  const status = runStatus(reader, now);
  const { state, step, stepCount, latest } = status;
  const isGoing = state === "running" || state === "silent";
  const progress =
    stepCount === null || stepCount === 0
      ? "–"
      : html`<progress max="${stepCount}" value="${Math.min(step, stepCount)}" aria-label="Steps done of ${name}"></progress>`;
  return [
    html`<a href="runs/${id}/">${name}</a>`,
    html`<span class="badge ${state}">${describeState(status).word}</span>`,
    describeSteps(status),
    progress,
    isGoing ? formatSeconds(latest?.secondsLeft) : "–",
    isGoing ? formatRate(latest?.pairsPerSecond) : "–",
    formatPercent(scoreOf(reader)),
  ];
}

function scoreOf(reader: RunReader): number | null {
  const blocks = reader.object("evaluation")?.blocks;
  if (Array.isArray(blocks)) {
    const probe = asObject(asObject(blocks.at(-1))?.linearProbe);
    return asNumber(asObject(probe?.raw)?.top1);
  }
  const values = [...(reader.online.scores.get("raw")?.last?.values.values() ?? [])];
  return values.at(-1) ?? null;
}
