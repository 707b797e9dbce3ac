import { InvalidOptionError } from "@blockwise/spec";
import type { Command } from "commander";
import { changeEvaluation, readResolvedConfig } from "../config/load-config.js";
import type { ResolvedConfig } from "../config/schema.js";
import { createReporter } from "../progress/reporter.js";
import { readJsonIfThere, requireRun, runFolder } from "../run/run-folder.js";
import type { TrainingRecord } from "../run/train-run.js";
import { commandLine } from "./command-line.js";
import {
  addLocationOptions,
  addOutputOptions,
  type LocationFlags,
  locationsFromFlags,
  locationWords,
  type OutputFlags,
  reporterMode,
} from "./common-options.js";
import { interruptedExitCode, onInterruption } from "./interruption.js";

interface EvaluateFlags extends LocationFlags, OutputFlags {
  readonly protocol?: readonly string[];
  readonly evaluator?: readonly string[];
  readonly against?: string;
  readonly config?: string;
  readonly list?: true;
}

/** `blockwise evaluate`: judges a trained network. */
export function addEvaluateCommand(program: Command): void {
  const command = program
    .command("evaluate")
    .description("Judge a run's features after every stage, on the held-out images.")
    .argument("[run]", "folder of a run")
    .option("--protocol <names...>", "how to judge it (default: probes)")
    .option("--evaluator <packages...>", "evaluators of packages or files, for the protocol evaluators")
    .option("--against <run>", "another run to compare with, for protocols that compare")
    .option("--config <file>", "JSON file whose field evaluation goes over the run's")
    .option("--list", "list the protocols");
  addLocationOptions(addOutputOptions(command)).action(evaluate);
}

async function evaluate(folder: string | undefined, flags: EvaluateFlags): Promise<void> {
  if (flags.list) return list(flags.json === true);
  if (folder === undefined) {
    throw new InvalidOptionError({
      option: "run",
      expected: "the folder of a run to evaluate",
      received: folder,
      hint: "Name it before --protocol, or list the protocols with --list.",
    });
  }
  const reporter = createReporter(reporterMode(flags));
  const note = (message: string): void => reporter.report({ event: "note", message });
  await requireRun(folder);
  if (flags.against !== undefined) await requireRun(flags.against);
  const files = runFolder(folder);
  const kept = await readResolvedConfig(files.config);
  const changed = flags.config === undefined ? kept : await changeEvaluation(kept, flags.config);
  const config = withEvaluators(changed, flags.evaluator);
  const training = await readJsonIfThere<TrainingRecord>(files.training);
  const imported = (await readJsonIfThere(files.imported)) !== null;
  if (config.epochs > 0 && !imported && training?.complete !== true)
    note("this run is not trained to its end: its newest checkpoint is scored");
  // What takes a second to load waits until the options are known to be right.
  const { chooseProtocols, defaultProtocol } = await import("../evaluation/protocols.js");
  const { runProtocol } = await import("../evaluation/run-protocol.js");
  const { openRun } = await import("../run/open-run.js");
  const chosen = chooseProtocols(
    flags.protocol ?? [flags.evaluator === undefined ? defaultProtocol : "evaluators"],
  );
  const signal = onInterruption(note);
  const run = await openRun(config, note, locationsFromFlags(flags));
  const name = folder.split(/[\\/]/).filter(Boolean).at(-1) ?? folder;
  const context = { run, name, folder, against: flags.against ?? null, reporter, signal };
  for (const protocol of chosen) {
    const outcome = signal.aborted ? null : await runProtocol(protocol, context);
    if (outcome === null) return stopped(folder, flags, () => reporter.end());
    reporter.end();
    if (flags.json)
      console.log(JSON.stringify({ event: "result", evaluation: protocol.name, ...outcome.record }));
    else console.log(chosen.length > 1 ? `${protocol.name}\n${outcome.summary}\n` : outcome.summary);
  }
}

function withEvaluators(config: ResolvedConfig, evaluators: readonly string[] | undefined): ResolvedConfig {
  if (evaluators === undefined) return config;
  return { ...config, evaluation: { ...config.evaluation, evaluators: [...evaluators] } };
}

async function list(json: boolean): Promise<void> {
  const { protocols } = await import("../evaluation/protocols.js");
  const width = Math.max(...[...protocols.keys()].map(({ length }) => length)) + 2;
  for (const { name, description } of protocols.values())
    console.log(json ? JSON.stringify({ name, description }) : name.padEnd(width) + description);
}

function stopped(folder: string, flags: EvaluateFlags, endProgress: () => void): void {
  endProgress();
  const chosen = flags.protocol === undefined ? [] : ["--protocol", ...flags.protocol];
  const evaluators = flags.evaluator === undefined ? [] : ["--evaluator", ...flags.evaluator];
  const against = flags.against === undefined ? [] : ["--against", flags.against];
  const config = flags.config === undefined ? [] : ["--config", flags.config];
  const words = [
    "evaluate",
    folder,
    ...chosen,
    ...evaluators,
    ...against,
    ...config,
    ...locationWords(flags),
  ];
  const again = commandLine(words);
  console.error(`Stopped; the results so far are saved. Go on with: ${again}`);
  process.exitCode = interruptedExitCode;
}
