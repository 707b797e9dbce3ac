import { formatBytes, formatPercent, formatSeconds, formatSignificant, missing } from "../format-number.js";
import { type Html, html } from "../page/html.js";
import { table } from "../page/table.js";
import type { ResultsV1 } from "../results-v1.js";
import { runLabel } from "../summary.js";

/** What training took, and where the rest of the time went. */
export function timingsSection(results: ResultsV1): Html {
  const rows = results.runs.flatMap((run) => {
    const { train } = run;
    if (train === null) return [];
    return [
      [
        runLabel(run),
        String(train.steps),
        formatSeconds(train.seconds),
        formatSignificant(train.pairsPerSecond),
        formatBytes(train.peakMemoryBytes),
        train.dataWaitShare === undefined ? missing : `${formatPercent(100 * train.dataWaitShare)} %`,
      ],
    ];
  });
  const phases = Object.entries(results.timings ?? {}).map(([phase, seconds]) => [
    phase,
    formatSeconds(seconds),
  ]);
  return html`<h2>Time and memory</h2>
${table({ caption: "Training", head: ["Run", "Steps", "Time", "Pairs/s", "Peak memory", "Waiting for data"], groups: [{ rows }] })}
${phases.length === 0 ? "" : table({ caption: "Phases", head: ["Phase", "Time"], groups: [{ rows: phases }] })}`;
}
