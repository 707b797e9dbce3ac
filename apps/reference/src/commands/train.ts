import { InvalidOptionError } from "@blockwise/spec";
import { type Command, Option } from "commander";
import { loadConfig, readResolvedConfig } from "../config/load-config.js";
import type { PresetName } from "../config/presets.js";
import { describeTime } from "../progress/describe-time.js";
import { createReporter } from "../progress/reporter.js";
import { openRun } from "../run/open-run.js";
import { makeFolder, readJsonIfThere, runFolder, writeJson } from "../run/run-folder.js";
import { type TrainingRecord, trainRun } from "../run/train-run.js";
import {
  addConfigOptions,
  addLocationOptions,
  addOutputOptions,
  type ConfigFlags,
  configFromFlags,
  type LocationFlags,
  locationsFromFlags,
  type OutputFlags,
  reporterMode,
} from "./common-options.js";
import { interruptedExitCode, onInterruption } from "./interruption.js";

interface TrainFlags extends ConfigFlags, LocationFlags, OutputFlags {
  readonly preset: PresetName;
  readonly config?: string;
  readonly out: string;
  readonly resume?: true;
}

/** `blockwise train`: trains one network. */
export function addTrainCommand(program: Command): void {
  const command = program
    .command("train")
    .description("Train one network, block by block or end to end.")
    .requiredOption("--out <folder>", "where the run keeps its files")
    .addOption(new Option("--preset <name>").choices(["smoke", "quick", "full"]).default("quick"))
    .option("--partition <blocks>", "stages, end-to-end, units, or a number of blocks")
    .option("--resume", "go on from the newest checkpoint in the folder, with the configuration kept there");
  addConfigOptions(addLocationOptions(addOutputOptions(command))).action(train);
}

async function train(flags: TrainFlags): Promise<void> {
  const reporter = createReporter(reporterMode(flags));
  const note = (message: string): void => reporter.report({ event: "note", message });
  const files = runFolder(flags.out);
  const resume = flags.resume === true;
  await refuseToOverwrite(flags.out, resume);
  const config = resume
    ? await readResolvedConfig(files.config)
    : await loadConfig({
        preset: flags.preset,
        file: flags.config ?? null,
        flags: configFromFlags(flags),
      });
  await makeFolder(flags.out);
  const signal = onInterruption(note);
  const run = await openRun(config, note, locationsFromFlags(flags));
  if (!resume) await writeJson(files.config, run.config);
  const name = flags.out.split(/[\\/]/).filter(Boolean).at(-1) ?? flags.out;
  const record = await trainRun(run, { name, folder: flags.out, resume, reporter, signal });
  reporter.end();
  if (record.complete) {
    if (!flags.json) console.log(summarize(flags.out, record));
    return;
  }
  console.error(
    `Stopped at step ${record.step} of ${record.stepCount}; saved. Go on with: blockwise train --resume --out ${flags.out}`,
  );
  process.exitCode = interruptedExitCode;
}

/** A run's results are not thrown away by mistake. */
async function refuseToOverwrite(out: string, resume: boolean): Promise<void> {
  if (resume) return;
  const earlier = await readJsonIfThere(runFolder(out).config);
  if (earlier === null) return;
  throw new InvalidOptionError({
    option: "out",
    expected: "a folder without a run in it",
    received: out,
    hint: "Go on with that run by --resume, or choose another folder.",
  });
}

function summarize(out: string, record: TrainingRecord): string {
  return (
    `${record.stepCount} steps in ${describeTime(record.seconds)}, ${record.pairsPerSecond.toFixed(0)} images/s, ` +
    `peak ${(record.peakMemoryBytes / 2 ** 20).toFixed(0)} MiB. Score it with: blockwise evaluate ${out}`
  );
}
