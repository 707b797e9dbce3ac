import type { Command } from "commander";
import { readResolvedConfig } from "../config/load-config.js";
import { createReporter } from "../progress/reporter.js";
import type { EvaluationRecord } from "../run/evaluate-run.js";
import { readJsonIfThere, requireRun, runFolder } from "../run/run-folder.js";
import type { TrainingRecord } from "../run/train-run.js";
import {
  addLocationOptions,
  addOutputOptions,
  type LocationFlags,
  locationsFromFlags,
  type OutputFlags,
  reporterMode,
} from "./common-options.js";

/** `blockwise evaluate`: probes a trained network. */
export function addEvaluateCommand(program: Command): void {
  const command = program
    .command("evaluate")
    .description("Score a run's features after every stage, on the held-out images.")
    .argument("<run>", "folder of a run");
  addLocationOptions(addOutputOptions(command)).action(evaluate);
}

async function evaluate(folder: string, flags: LocationFlags & OutputFlags): Promise<void> {
  const reporter = createReporter(reporterMode(flags));
  const note = (message: string): void => reporter.report({ event: "note", message });
  await requireRun(folder);
  const files = runFolder(folder);
  const config = await readResolvedConfig(files.config);
  const training = await readJsonIfThere<TrainingRecord>(files.training);
  if (config.epochs > 0 && training?.complete !== true)
    note("this run is not trained to its end: its newest checkpoint is scored");
  // What takes a second to load waits until the options are known to be right.
  const { openRun } = await import("../run/open-run.js");
  const { evaluateRun } = await import("../run/evaluate-run.js");
  const run = await openRun(config, note, locationsFromFlags(flags));
  const name = folder.split(/[\\/]/).filter(Boolean).at(-1) ?? folder;
  const record = await evaluateRun(run, { name, folder, reporter });
  reporter.end();
  if (flags.json) console.log(JSON.stringify({ event: "result", ...record }));
  else console.log(formatEvaluation(record));
}

function formatEvaluation({ blocks }: EvaluationRecord): string {
  const rows = blocks.map(({ block, linearProbe, knn }) =>
    [
      block.padEnd(16),
      linearProbe.raw.top1.toFixed(1).padStart(10),
      linearProbe.head.top1.toFixed(1).padStart(10),
      knn.raw.top1.toFixed(1).padStart(10),
    ].join(""),
  );
  const title = ["top-1 in %".padEnd(16), "probe raw", "probe head", "kNN raw"].map((text, index) =>
    index === 0 ? text : text.padStart(index === 2 ? 11 : 10),
  );
  return [title.join(""), ...rows].join("\n");
}
