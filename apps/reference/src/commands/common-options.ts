import { InvalidOptionError } from "@blockwise/spec";
import { type Command, Option } from "commander";
import type { ConfigRequest, PartialConfig } from "../config/load-config.js";
import { type PresetName, presets } from "../presets/presets.js";
import type { ReporterMode } from "../progress/reporter.js";
import type { DataLocations } from "../run/open-data.js";

/** How a command talks. */
export interface OutputFlags {
  readonly json?: true;
  readonly quiet?: true;
}

/** Where data sets are looked for. */
export interface LocationFlags {
  readonly mirror?: string;
  readonly cache?: string;
  readonly offline?: true;
}

/** Flags that stand for fields of the configuration. */
export interface ConfigFlags {
  readonly preset?: PresetName;
  readonly config?: string;
  readonly data?: string;
  readonly engine?: string;
  readonly seed?: number;
  readonly epochs?: number;
  readonly maxSteps?: number;
  readonly batchSize?: number;
  readonly imageSize?: number;
  readonly enlarge?: true;
  readonly trainImages?: number;
  readonly partition?: string;
  readonly timetable?: string;
  readonly workers?: number;
  readonly blockWorkers?: number;
  readonly batchWorkers?: number;
}

/** Adds `--json` and `--quiet`. */
export function addOutputOptions(command: Command): Command {
  return command
    .addOption(new Option("--json", "JSON lines on standard output").conflicts("quiet"))
    .option("--quiet", "nothing but the result");
}

/** Whether a command may write over what is there. */
export interface ForceFlags {
  readonly force?: true;
}

/** Adds `--force`, for commands that write what can be made again. */
export function addForceOption(command: Command): Command {
  return command.option("--force", "write over what is there");
}

/** Whether a command serves the live page of what it trains. */
export interface WatchedFlags {
  readonly watch?: true;
}

/** Adds `--watch`. */
export function addWatchedOption(command: Command): Command {
  return command.option("--watch", "serve a live page of it while it lasts, and say its address");
}

/** Adds the options that say where data sets are looked for. */
export function addLocationOptions(command: Command): Command {
  return command
    .option("--mirror <address>", "fetch data sets from here instead of from their publishers")
    .option("--cache <folder>", "where data sets are kept (default: ~/.cache/blockwise)")
    .option("--offline", "use only what is on this machine");
}

/** Adds the configuration's file as an argument, which the action is given before the flags: see `withConfigFile`. */
export function addConfigArgument(command: Command): Command {
  return command.argument("[config]", "JSON file with fields to put over the preset's, as --config");
}

/** Adds the flags that stand for fields of the configuration. */
export function addConfigOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--preset <name>", "what the fields are that nothing else says (default: quick)").choices(
        Object.keys(presets),
      ),
    )
    .option("--config <file>", "JSON file with fields to put over the preset's")
    .option(
      "--data <name>",
      "auto, cifar10, cifar100, fashion-mnist, mnist, mnist-digits, or a folder or tar of images",
    )
    .addOption(
      new Option("--engine <name>", "TensorFlow.js engine").choices([
        "auto",
        "native",
        "wasm",
        "cpu",
        "node",
        "node-gpu",
        "webgpu",
      ]),
    )
    .option("--seed <number>", "where all randomness comes from", number("seed"))
    .option("--epochs <count>", "passes over the images", number("epochs"))
    .option("--max-steps <count>", "end the run after so many steps", number("maxSteps"))
    .option("--batch-size <images>", "images a step", number("batchSize"))
    .option("--image-size <pixels>", "height and width of the views", number("imageSize"))
    .option("--enlarge", "enlarge images that are smaller than the views")
    .option(
      "--train-images <count>",
      "train on at most so many images, balanced over the classes",
      number("trainImages"),
    )
    .option("--workers <count>", "threads that prepare batches", number("workers"))
    .option("--block-workers <count>", "threads that blocks learn in", number("blockWorkers"))
    .option(
      "--batch-workers <count>",
      "threads that each learn from a part of a batch",
      number("batchWorkers"),
    );
}

/** The flags, with the file that stands before them. @throws InvalidOptionError where both name one. */
export function withConfigFile<Flags extends ConfigFlags>(file: string | undefined, flags: Flags): Flags {
  if (file === undefined) return flags;
  if (flags.config === undefined) return { ...flags, config: file };
  throw new InvalidOptionError({
    option: "config",
    expected: "named once, with or without --config",
    received: [file, flags.config],
  });
}

/** What the flags say about the configuration. */
export function configRequest(flags: ConfigFlags): ConfigRequest {
  return { preset: flags.preset ?? null, file: flags.config ?? null, flags: configFromFlags(flags) };
}

function configFromFlags(flags: ConfigFlags): PartialConfig {
  return {
    data: whereGiven({
      dataset: flags.data,
      imageSize: flags.imageSize,
      enlarge: flags.enlarge,
      maxTrainImages: flags.trainImages,
    }),
    partition: parsePartition(flags.partition),
    timetable: flags.timetable,
    engine: flags.engine,
    seed: flags.seed,
    epochs: flags.epochs,
    maxSteps: flags.maxSteps,
    batchSize: flags.batchSize,
    workers: flags.workers,
    blockWorkers: flags.blockWorkers,
    batchWorkers: flags.batchWorkers,
  };
}

/** Where the flags say that data sets are looked for. */
export function locationsFromFlags({ mirror, cache, offline }: LocationFlags): DataLocations {
  return { mirror: mirror ?? null, cache: cache ?? null, offline: offline === true };
}

/** The same flags, for another command of this program. */
export function locationWords({ mirror, cache, offline }: LocationFlags): readonly string[] {
  return [
    ...(mirror === undefined ? [] : ["--mirror", mirror]),
    ...(cache === undefined ? [] : ["--cache", cache]),
    ...(offline === undefined ? [] : ["--offline"]),
  ];
}

/** How the flags say that the command talks. */
export function reporterMode({ json, quiet }: OutputFlags): ReporterMode {
  if (json) return "json";
  return quiet ? "quiet" : "people";
}

/** Undefined when no field is given, so that what a file says there is left as it is, right or wrong. */
function whereGiven<Fields extends object>(fields: Fields): Fields | undefined {
  return Object.values(fields).some((value) => value !== undefined) ? fields : undefined;
}

function parsePartition(text: string | undefined): string | number | undefined {
  if (text === undefined) return undefined;
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** Flags are checked with the rest of the configuration; here they only have to be numbers. */
function number(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isFinite(value)) return value;
    throw new InvalidOptionError({ option, expected: "a number", received: text });
  };
}

/** Reads a count that is no field of the configuration. @throws InvalidOptionError */
export function wholeNumber(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isSafeInteger(value) && value > 0) return value;
    throw new InvalidOptionError({ option, expected: "a whole number above 0", received: text });
  };
}

/** Reads a port to listen on; 0 for any. @throws InvalidOptionError */
export function portNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 65_535) return value;
  throw new InvalidOptionError({ option: "port", expected: "a whole number up to 65535", received: text });
}
