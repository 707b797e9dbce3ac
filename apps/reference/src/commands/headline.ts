import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import type { ResultsV1, RunNameV1 } from "@blockwise/report";
import { writeFileAtomically } from "@blockwise/safetensors";
import { InvalidOptionError } from "@blockwise/spec";
import type { Command } from "commander";
import { loadConfig, resumeConfig } from "../config/load-config.js";
import type { ResolvedConfig } from "../config/schema.js";
import { controls } from "../experiment/controls.js";
import { inParallel } from "../experiment/in-parallel.js";
import { requireScorable } from "../experiment/require-scorable.js";
import { type CommandEnd, runCommand } from "../experiment/run-command.js";
import { runVariant } from "../experiment/run-variant.js";
import { collectResults } from "../headline/collect-results.js";
import { createReporter, type Reporter } from "../progress/reporter.js";
import type { OpenedRun } from "../run/open-run.js";
import { makeFolder, readJsonIfThere, runFolder, writeJson } from "../run/run-folder.js";
import { commandLine } from "./command-line.js";
import {
  addConfigArgument,
  addConfigOptions,
  addLocationOptions,
  addOutputOptions,
  addWatchedOption,
  type ConfigFlags,
  configRequest,
  type LocationFlags,
  locationsFromFlags,
  locationWords,
  type OutputFlags,
  reporterMode,
  type WatchedFlags,
  wholeNumber,
  withConfigFile,
} from "./common-options.js";
import { interruptedExitCode, onInterruption } from "./interruption.js";
import { startWatcher } from "./start-watcher.js";

interface HeadlineFlags extends ConfigFlags, LocationFlags, OutputFlags, WatchedFlags {
  readonly out: string;
  readonly resume?: true;
  readonly parallel: number;
}

/** `blockwise headline`: the experiment that the project is about. */
export function addHeadlineCommand(program: Command): void {
  const command = program
    .command("headline")
    .description(
      "Train one network block by block and the same one end to end, leave one at its random weights, and probe all three after every stage.",
    )
    .option("--out <folder>", "where the experiment keeps its files", join("runs", "headline"))
    .option("--resume", "go on with the experiment in the folder")
    .option("--parallel <runs>", "networks to train at a time", wholeNumber("parallel"), twoAtMost);
  addConfigArgument(addConfigOptions(addLocationOptions(addOutputOptions(addWatchedOption(command))))).action(
    (file: string | undefined, flags: HeadlineFlags) => headline(withConfigFile(file, flags)),
  );
}

/** The three networks; all else is the same. */
const variants: readonly {
  readonly name: RunNameV1;
  readonly change: (config: ResolvedConfig) => ResolvedConfig;
}[] = [
  { name: "blockwise", change: (config) => config },
  { name: "end-to-end", change: controls["end-to-end"] },
  { name: "random", change: controls.random },
];

const trainedVariants = variants.filter(({ name }) => name !== "random");

// More would leave none of the cores to the threads that prepare batches.
const twoAtMost = Math.min(2, availableParallelism());

/** What is known when an experiment begins, and kept for when it is resumed. */
interface ExperimentRecord {
  readonly startedAt: string;
  readonly command: string;
}

async function headline(flags: HeadlineFlags): Promise<void> {
  const reporter = createReporter(reporterMode(flags));
  const note = (message: string): void => reporter.report({ event: "note", message });
  const out = resolve(flags.out);
  const start = performance.now();
  const { run, record, resumed } = await openExperiment(flags, out, note);
  // Loaded now, so that nothing which happens to the program in the hours of a long experiment can break its end.
  const { scorePixels } = await import("../experiment/score-pixels.js");
  const signal = onInterruption(note);
  if (flags.watch) await startWatcher(out, note);
  const words = locationWords(flags);
  const execute = (command: readonly string[]): Promise<CommandEnd> =>
    runCommand([...command, ...words], reporter, signal, flags.parallel);
  await inParallel(flags.parallel, variants, async ({ name }) => {
    if (!signal.aborted)
      await runVariant({ name, folder: join(out, name), trained: name !== "random" }, execute);
  });
  if (signal.aborted) return stopped(flags, reporter);
  note("pixels: probing the images themselves");
  const pixels = await scorePixels(run);
  const runs = variants.map(({ name }) => ({ name, folder: join(out, name) }));
  const seconds = resumed ? null : (performance.now() - start) / 1000;
  const runsAtATime = flags.parallel;
  const results = await collectResults({ run, pixels, runs, runsAtATime, seconds, ...record });
  await writeResults(out, results, reporter, flags.json === true);
}

/** Settles the configuration and writes it into the folder of each run, or finds it there to go on with. */
async function openExperiment(
  flags: HeadlineFlags,
  out: string,
  note: (message: string) => void,
): Promise<{ readonly run: OpenedRun; readonly record: ExperimentRecord; readonly resumed: boolean }> {
  const recordFile = join(out, "experiment.json");
  const earlier = await readJsonIfThere<ExperimentRecord>(recordFile);
  if (earlier !== null && flags.resume === undefined) {
    throw new InvalidOptionError({
      option: "out",
      expected: "a folder without an experiment in it",
      received: flags.out,
      hint: "Go on with that experiment by --resume, or choose another folder.",
    });
  }
  const request = configRequest(flags);
  const config =
    earlier === null
      ? await loadConfig(request)
      : await resumeConfig(runFolder(join(out, "blockwise")).config, request);
  // What takes a second to load waits until the options are known to be right.
  const { openRun } = await import("../run/open-run.js");
  const { checkRun } = await import("../run/train-run.js");
  const run = await openRun(config, note, locationsFromFlags(flags));
  requireScorable(run, "headline");
  for (const variant of trainedVariants) checkRun({ ...run, config: variant.change(run.config) });
  if (earlier !== null) return { run, record: earlier, resumed: true };
  for (const { name, change } of variants) {
    const folder = join(out, name);
    await makeFolder(folder);
    await writeJson(runFolder(folder).config, change(run.config));
  }
  const words = ["headline", ...process.argv.slice(3)];
  const record = { startedAt: new Date().toISOString(), command: commandLine(words) };
  await writeJson(recordFile, record);
  return { run, record, resumed: false };
}

async function writeResults(
  out: string,
  results: ResultsV1,
  reporter: Reporter,
  json: boolean,
): Promise<void> {
  // Charts take longest to load; nothing else needs them.
  const { formatTable, renderReport } = await import("@blockwise/report");
  const report = join(out, "report.html");
  await writeJson(join(out, "results.json"), results);
  await writeFileAtomically(report, Buffer.from(renderReport(results)));
  reporter.end();
  if (json) console.log(JSON.stringify({ event: "result", results: join(out, "results.json"), report }));
  else console.log(`\n${formatTable(results).trimEnd()}\n\nReport: ${report}`);
}

function stopped(flags: HeadlineFlags, reporter: Reporter): void {
  reporter.end();
  const goOn = commandLine(["headline", "--resume", "--out", flags.out, ...locationWords(flags)]);
  console.error(`Stopped; what was done is saved. Go on with: ${goOn}`);
  process.exitCode = interruptedExitCode;
}
