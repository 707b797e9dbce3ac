import { InvalidOptionError, StorageError } from "@blockwise/spec";
import type { Command } from "commander";
import { loadConfig, resumeConfig } from "../config/load-config.js";
import { describeRate } from "../progress/describe-rate.js";
import { describeTime } from "../progress/describe-time.js";
import { createReporter } from "../progress/reporter.js";
import type { OpenedRun } from "../run/open-run.js";
import { isRun, readJsonIfThere, requireRun, runFolder, runIsThere } from "../run/run-folder.js";
import { refuseIfHeld } from "../run/run-lock.js";
import type { TrainingRecord } from "../run/train-run.js";
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
  withConfigFile,
} from "./common-options.js";
import { interruptedExitCode, onInterruption } from "./interruption.js";
import { startWatcher } from "./start-watcher.js";

interface TrainFlags extends ConfigFlags, LocationFlags, OutputFlags, WatchedFlags {
  readonly out: string;
  readonly tensorboard?: string;
  readonly resume?: true;
}

/** `blockwise train`: trains one network. */
export function addTrainCommand(program: Command): void {
  const command = program
    .command("train")
    .description("Train one network, block by block or end to end.")
    .requiredOption("--out <folder>", "where the run keeps its files")
    .option("--partition <blocks>", "stages, end-to-end, units, or a number of blocks")
    .option("--timetable <when>", "simultaneous, or sequential: one block after the other")
    .option("--tensorboard <folder>", "write event files for TensorBoard into a folder of this run alone")
    .option("--resume", "go on from the newest checkpoint in the folder, with the configuration kept there");
  addConfigArgument(addConfigOptions(addLocationOptions(addOutputOptions(addWatchedOption(command))))).action(
    (file: string | undefined, flags: TrainFlags) => train(withConfigFile(file, flags)),
  );
}

async function train(flags: TrainFlags): Promise<void> {
  const reporter = createReporter(reporterMode(flags));
  const note = (message: string): void => reporter.report({ event: "note", message });
  const files = runFolder(flags.out);
  const resume = flags.resume === true;
  await refuseToOverwrite(flags.out, resume);
  if (resume) await requireResumable(flags.out);
  const request = configRequest(flags);
  const config = resume ? await resumeConfig(files.config, request) : await loadConfig(request);
  const signal = onInterruption(note);
  // What takes a second to load waits until the options are known to be right.
  const { openRun } = await import("../run/open-run.js");
  const { trainRun } = await import("../run/train-run.js");
  const run = await openRun(config, note, locationsFromFlags(flags));
  if (flags.watch) await startWatcher(flags.out, note);
  const name = flags.out.split(/[\\/]/).filter(Boolean).at(-1) ?? flags.out;
  const tensorboard = flags.tensorboard ?? null;
  const goOn = commandLine([
    ...["train", "--resume", "--out", flags.out, ...locationWords(flags)],
    ...(tensorboard === null ? [] : ["--tensorboard", tensorboard]),
  ]);
  const record = await trainRun(run, {
    name,
    folder: flags.out,
    resume,
    reporter,
    signal,
    tensorboard,
  }).catch(async (error: unknown) => {
    if (!(error instanceof StorageError) || !(await isRun(flags.out))) throw error;
    throw new StorageError(
      `${error.message} What was saved before is untouched; with that put right, go on with: ${goOn}`,
      { path: error.path },
      { cause: error },
    );
  });
  reporter.end();
  if (flags.json) console.log(JSON.stringify({ event: "result", ...record }));
  else if (record.complete) console.log(summarize(flags, record, run));
  if (record.complete) return;
  console.error(`Stopped at step ${record.step} of ${record.stepCount}; saved. Go on with: ${goOn}`);
  process.exitCode = interruptedExitCode;
}

async function requireResumable(out: string): Promise<void> {
  await requireRun(out);
  await refuseIfHeld(out);
  if ((await readJsonIfThere(runFolder(out).imported)) === null) return;
  throw new InvalidOptionError({
    option: "resume",
    expected: "left out for a run whose weights were imported, which has no training to go on with",
    received: true,
  });
}

/** A run's results are not thrown away by mistake. */
async function refuseToOverwrite(out: string, resume: boolean): Promise<void> {
  if (resume || !(await isRun(out))) return;
  throw runIsThere(out);
}

function summarize(flags: TrainFlags, record: TrainingRecord, { data }: OpenedRun): string {
  // Without labels, or images held out, there is nothing to score on.
  const next =
    data.classCount === null || data.dataset.test === null
      ? `Write its features with: ${commandLine(["features", flags.out, "IMAGES", "--out", "features.safetensors"])}`
      : `Score it with: ${commandLine(["evaluate", flags.out, ...locationWords(flags)])}`;
  return (
    `${record.stepCount} steps in ${describeTime(record.seconds)}, ${describeRate(record.pairsPerSecond)}, ` +
    `peak ${(record.peakMemoryBytes / 2 ** 20).toFixed(0)} MiB, ` +
    `${(100 * record.dataWaitShare).toFixed(0)} % of the time waiting for input of at most ` +
    `${describeRate(record.input.imagesPerSecond)}${frozenOutputs(record)}${blockThreads(record)}. ${next}`
  );
}

function blockThreads({ blockWorkers }: TrainingRecord): string {
  if (blockWorkers === null) return "";
  const busy = blockWorkers.map(
    ({ blocks, busyShare }) => `${blocks.join(" ")} busy ${(100 * busyShare).toFixed(0)} %`,
  );
  return `, blocks in ${blockWorkers.length} threads: ${busy.join(", ")}`;
}

function frozenOutputs({ frozenOutputs: counts }: TrainingRecord): string {
  if (counts === null || counts.read + counts.damaged + counts.missing === 0) return "";
  const faults = (["damaged", "missing"] as const).flatMap((fault) =>
    counts[fault] === 0 ? [] : [`, ${counts[fault]} ${fault} and computed again`],
  );
  return `, frozen outputs of ${counts.read} steps read back${faults.join("")}`;
}
