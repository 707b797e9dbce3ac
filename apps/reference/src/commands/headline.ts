import { join, resolve } from "node:path";
import { createEngine } from "@blockwise/engine";
import { pixelFeatures } from "@blockwise/evaluate";
import { formatTable, type ResultsV1, type RunNameV1, renderReport } from "@blockwise/report";
import { writeFileAtomically } from "@blockwise/safetensors";
import { DataSourceError, InvalidOptionError } from "@blockwise/spec";
import { type Command, Option } from "commander";
import { loadConfig, readResolvedConfig } from "../config/load-config.js";
import type { PresetName } from "../config/presets.js";
import type { ResolvedConfig } from "../config/schema.js";
import { collectResults } from "../headline/collect-results.js";
import { type CommandEnd, runCommand } from "../headline/run-command.js";
import { createReporter, type Reporter } from "../progress/reporter.js";
import { linearProbeOf } from "../run/evaluate-run.js";
import { type OpenedData, openData } from "../run/open-data.js";
import { makeFolder, readJsonIfThere, runFolder, writeJson } from "../run/run-folder.js";
import type { TrainingRecord } from "../run/train-run.js";
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

interface HeadlineFlags extends ConfigFlags, LocationFlags, OutputFlags {
  readonly preset: PresetName;
  readonly config?: string;
  readonly out: string;
  readonly resume?: true;
}

/** `blockwise headline`: the experiment that the project is about. */
export function addHeadlineCommand(program: Command): void {
  const command = program
    .command("headline")
    .description(
      "Train one network block by block and the same one end to end, leave one at its random weights, and probe all three after every stage.",
    )
    .option("--out <folder>", "where the experiment keeps its files", join("runs", "headline"))
    .addOption(new Option("--preset <name>").choices(["smoke", "quick", "full"]).default("quick"))
    .option("--resume", "go on with the experiment in the folder");
  addConfigOptions(addLocationOptions(addOutputOptions(command))).action(headline);
}

/** The three networks; all else is the same. */
const variants: readonly {
  readonly name: RunNameV1;
  readonly change: (config: ResolvedConfig) => ResolvedConfig;
}[] = [
  { name: "blockwise", change: (config) => config },
  { name: "end-to-end", change: (config) => ({ ...config, partition: "end-to-end" }) },
  { name: "random", change: (config) => ({ ...config, epochs: 0 }) },
];

async function headline(flags: HeadlineFlags): Promise<void> {
  const startedAt = new Date();
  const reporter = createReporter(reporterMode(flags));
  const note = (message: string): void => reporter.report({ event: "note", message });
  const out = resolve(flags.out);
  await makeFolder(out);
  const data = await openExperiment(flags, out, note);
  const signal = onInterruption(note);
  const locations = locationWords(flags);
  const timings: Record<string, number> = {};
  for (const { name } of variants) {
    const folder = join(out, name);
    const start = performance.now();
    await runVariant(name, folder, (words) => runCommand([...words, ...locations], reporter, signal));
    if (signal.aborted) return stopped(flags, reporter);
    timings[name] = (performance.now() - start) / 1000;
  }
  const engine = await createEngine({ name: data.config.engine });
  note("pixels: probing the images themselves");
  const pixels = await scorePixels(data);
  const results = await collectResults({
    config: data.config,
    dataset: data.dataset.name,
    datasetDetails: {
      origin: data.dataset.origin,
      why: data.dataset.why,
      train: data.train.description,
      trainImages: data.train.size,
      classNames: data.train.classNames ?? [],
    },
    engine: engine.id,
    engineDescription: engine.description,
    pixels,
    timings: { ...timings, total: (Date.now() - startedAt.getTime()) / 1000 },
    startedAt: startedAt.toISOString(),
    command: commandLine(),
    runs: variants.map(({ name }) => ({ name, folder: join(out, name) })),
  });
  await writeResults(out, results, reporter, flags.json === true);
}

/** Settles the configuration and writes it into the folder of each run, or finds it there to go on with. */
async function openExperiment(
  flags: HeadlineFlags,
  out: string,
  note: (message: string) => void,
): Promise<OpenedData> {
  const firstConfig = runFolder(join(out, "blockwise")).config;
  const earlier = await readJsonIfThere(firstConfig);
  if (earlier !== null && flags.resume === undefined) {
    throw new InvalidOptionError({
      option: "out",
      expected: "a folder without an experiment in it",
      received: flags.out,
      hint: "Go on with that experiment by --resume, or choose another folder.",
    });
  }
  const config =
    earlier === null
      ? await loadConfig({
          preset: flags.preset,
          file: flags.config ?? null,
          flags: configFromFlags(flags),
        })
      : await readResolvedConfig(firstConfig);
  const data = await openData(config, note, locationsFromFlags(flags));
  if (data.dataset.test === null || data.classCount === null) {
    throw new DataSourceError(
      `${data.train.description}: the headline scores its networks, and for that needs labels and held-out images. ` +
        "Use class folders, and data.holdOut above 0 or folders train and test; or only train, with blockwise train.",
      { source: config.data.dataset },
    );
  }
  if (earlier === null) {
    for (const { name, change } of variants) {
      const folder = join(out, name);
      await makeFolder(folder);
      await writeJson(runFolder(folder).config, change(data.config));
    }
  }
  return data;
}

/** Trains and probes one network, as far as that is not done yet. */
async function runVariant(
  name: RunNameV1,
  folder: string,
  run: (words: readonly string[]) => Promise<CommandEnd>,
): Promise<void> {
  const files = runFolder(folder);
  if (name !== "random") {
    const training = await readJsonIfThere<TrainingRecord>(files.training);
    if (training?.complete !== true) {
      const end = await run(["train", "--resume", "--out", folder]);
      if (end.exitCode === interruptedExitCode) return;
      requireSuccess(end, `training ${name}`);
    }
  }
  if ((await readJsonIfThere(files.evaluation)) !== null) return;
  const end = await run(["evaluate", folder]);
  if (end.exitCode === interruptedExitCode) return;
  requireSuccess(end, `probing ${name}`);
}

function requireSuccess({ exitCode, errors }: CommandEnd, task: string): void {
  if (exitCode === 0) return;
  throw new CommandFailure(`${task} failed with exit code ${exitCode}:\n${errors.trim()}`, exitCode);
}

/** A command of this program failed and has said why. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

async function scorePixels({
  config,
  evaluation,
  classCount,
}: OpenedData): ReturnType<ReturnType<typeof linearProbeOf>["doEvaluate"]> {
  const { train, test } = evaluation();
  return linearProbeOf(config).doEvaluate({
    train: pixelFeatures(train),
    test: pixelFeatures(test ?? train),
    classCount: classCount ?? 0,
    seed: config.seed,
  });
}

async function writeResults(
  out: string,
  results: ResultsV1,
  reporter: Reporter,
  json: boolean,
): Promise<void> {
  const report = join(out, "report.html");
  await writeJson(join(out, "results.json"), results);
  await writeFileAtomically(report, Buffer.from(renderReport(results)));
  reporter.end();
  if (json) console.log(JSON.stringify({ event: "result", results: join(out, "results.json"), report }));
  else console.log(`\n${formatTable(results)}\n\nReport: ${report}`);
}

function stopped(flags: HeadlineFlags, reporter: Reporter): void {
  reporter.end();
  console.error(
    `Stopped; what was done is saved. Go on with: npm run headline -- --resume --out ${flags.out}`,
  );
  process.exitCode = interruptedExitCode;
}

function locationWords({ mirror, cache, offline }: LocationFlags): readonly string[] {
  return [
    ...(mirror === undefined ? [] : ["--mirror", mirror]),
    ...(cache === undefined ? [] : ["--cache", cache]),
    ...(offline === undefined ? [] : ["--offline"]),
  ];
}

function commandLine(): string {
  const words = process.argv
    .slice(2)
    .map((word) => (/^[\w./:=-]+$/.test(word) ? word : JSON.stringify(word)));
  return `npm run blockwise -- ${words.join(" ")}`;
}
