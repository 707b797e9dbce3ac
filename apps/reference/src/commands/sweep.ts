import { availableParallelism } from "node:os";
import { basename, extname, join, resolve } from "node:path";
import { writeFileAtomically } from "@blockwise/safetensors";
import { InvalidOptionError } from "@blockwise/spec";
import type { Command } from "commander";
import { inParallel } from "../experiment/in-parallel.js";
import { requireScorable } from "../experiment/require-scorable.js";
import { runCommand } from "../experiment/run-command.js";
import { runVariant } from "../experiment/run-variant.js";
import type { PixelScore } from "../experiment/score-pixels.js";
import { createReporter } from "../progress/reporter.js";
import type { OpenedRun } from "../run/open-run.js";
import { isRun, makeFolder, readJsonIfThere, runFolder, writeJson } from "../run/run-folder.js";
import { networkFolder } from "../sweep/collect-sweep.js";
import { expandSweep, type SweepPlan } from "../sweep/expand-sweep.js";
import { readSweepFile } from "../sweep/sweep-file.js";
import { commandLine } from "./command-line.js";
import {
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
} from "./common-options.js";
import { interruptedExitCode, onInterruption } from "./interruption.js";
import { startWatcher } from "./start-watcher.js";

interface SweepFlags extends ConfigFlags, LocationFlags, OutputFlags, WatchedFlags {
  readonly out?: string;
  readonly resume?: true;
  readonly parallel: number;
}

/** What is known when a sweep begins, and kept for when it is resumed. */
interface SweepRecord {
  readonly startedAt: string;
  readonly command: string;
}

/** `blockwise sweep`: trains every combination of a file's options, with every seed, and its controls. */
export function addSweepCommand(program: Command): void {
  const command = program
    .command("sweep")
    .description("Train and probe every combination of a sweep file, with every seed, beside its controls.")
    .argument("<file>", "the sweep: title, axes, seeds, controls (docs/sweeps.md)")
    .option("--out <folder>", "where the sweep keeps its files (default: runs/<name of the file>)")
    .option("--resume", "go on with the sweep in the folder; rows that are new to it are added")
    .option("--parallel <runs>", "networks to train at a time", wholeNumber("parallel"), twoAtMost);
  addConfigOptions(addLocationOptions(addOutputOptions(addWatchedOption(command)))).action(sweep);
}

// More would leave none of the cores to the threads that prepare batches.
const twoAtMost = Math.min(2, availableParallelism());

async function sweep(path: string, flags: SweepFlags): Promise<void> {
  refuseWhatTheFileSays(flags);
  const file = await readSweepFile(path);
  const plan = expandSweep(file, configRequest(flags).flags);
  const reporter = createReporter(reporterMode(flags));
  const note = (message: string): void => reporter.report({ event: "note", message });
  const out = resolve(flags.out ?? join("runs", basename(path, extname(path))));
  const record = await openRecord(out, flags);
  note(`sweep: ${plan.rows.length} rows, ${plan.networks.length} networks with their controls`);
  const runs = await prepareNetworks(plan, out, note, flags);
  await writeJson(join(out, "experiment.json"), record);
  const { collectSweep } = await import("../sweep/collect-sweep.js");
  const { scorePixels } = await import("../experiment/score-pixels.js");
  const signal = onInterruption(note);
  if (flags.watch) await startWatcher(out, note);
  const words = locationWords(flags);
  let done = 0;
  await inParallel(flags.parallel, plan.networks, async (network) => {
    if (signal.aborted) return;
    const folder = join(out, networkFolder(network));
    await runVariant({ name: network.folder, folder, trained: network.config.epochs > 0 }, (command) =>
      runCommand([...command, ...words], reporter, signal, flags.parallel),
    );
    done += 1;
    if (!signal.aborted) note(`sweep: ${done} of ${plan.networks.length} networks done`);
  });
  if (signal.aborted) {
    reporter.end();
    const goOn = commandLine([
      "sweep",
      path,
      "--resume",
      ...(flags.out ? ["--out", flags.out] : []),
      ...words,
    ]);
    console.error(`Stopped; what was done is saved. Go on with: ${goOn}`);
    process.exitCode = interruptedExitCode;
    return;
  }
  note("pixels: probing the images themselves");
  const pixels: PixelScore[] = [];
  for (const run of runs.bySeed.values()) pixels.push(await scorePixels(run));
  const [run] = runs.bySeed.values();
  if (run === undefined) return;
  const runsAtATime = flags.parallel;
  const results = await collectSweep({ sweep: file, plan, folder: out, run, pixels, runsAtATime, ...record });
  // Charts take longest to load; nothing else needs them.
  const { formatSweepTable, renderSweepReport } = await import("@blockwise/report");
  const report = join(out, "report.html");
  const table = formatSweepTable(results);
  await writeJson(join(out, "sweep.json"), results);
  await writeFileAtomically(join(out, "table.txt"), Buffer.from(table));
  await writeFileAtomically(report, Buffer.from(renderSweepReport(results)));
  reporter.end();
  if (flags.json) console.log(JSON.stringify({ event: "result", results: join(out, "sweep.json"), report }));
  else console.log(`\n${table.trimEnd()}\n\nReport: ${report}`);
}

/** @throws InvalidOptionError for flags that a sweep's file has its own place for. */
function refuseWhatTheFileSays(flags: SweepFlags): void {
  for (const option of ["preset", "config", "seed"] as const) {
    if (flags[option] === undefined) continue;
    throw new InvalidOptionError({
      option,
      expected: "left to the sweep's file",
      received: flags[option],
      hint: `Write it there as "${option === "seed" ? "seeds" : option}".`,
    });
  }
}

async function openRecord(out: string, flags: SweepFlags): Promise<SweepRecord> {
  const earlier = await readJsonIfThere<SweepRecord>(join(out, "experiment.json"));
  if (earlier !== null && flags.resume === undefined) {
    throw new InvalidOptionError({
      option: "out",
      expected: "a folder without a sweep in it",
      received: out,
      hint: "Go on with that sweep by --resume, or choose another folder by --out.",
    });
  }
  if (earlier !== null) return earlier;
  const words = ["sweep", ...process.argv.slice(3)];
  return { startedAt: new Date().toISOString(), command: commandLine(words) };
}

/** Wires every network, so that a mistake in the last row shows before the first one trains, and writes its configuration. */
async function prepareNetworks(
  plan: SweepPlan,
  out: string,
  note: (message: string) => void,
  flags: SweepFlags,
): Promise<{ readonly bySeed: ReadonlyMap<number, OpenedRun> }> {
  // What takes a second to load waits until the options are known to be right.
  const { openRun } = await import("../run/open-run.js");
  const { openOnce } = await import("../run/open-data.js");
  const { checkRun } = await import("../run/train-run.js");
  const open = openOnce();
  const bySeed = new Map<number, OpenedRun>();
  const resolved: { readonly folder: string; readonly run: OpenedRun }[] = [];
  let engineNoted = false;
  const noteOnce = (message: string): void => {
    if (message.startsWith("engine:") && engineNoted) return;
    engineNoted ||= message.startsWith("engine:");
    note(message);
  };
  for (const network of plan.networks) {
    const run = await openRun(network.config, noteOnce, locationsFromFlags(flags), open);
    requireScorable(run, "sweep");
    if (network.config.epochs > 0) checkRun(run);
    if (!bySeed.has(run.config.seed)) bySeed.set(run.config.seed, run);
    resolved.push({ folder: join(out, networkFolder(network)), run });
  }
  for (const { folder, run } of resolved) {
    if (await isRun(folder)) continue;
    await makeFolder(folder);
    await writeJson(runFolder(folder).config, run.config);
  }
  return { bySeed };
}
