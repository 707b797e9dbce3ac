import { stat } from "node:fs/promises";
import { InvalidOptionError } from "@blockwise/spec";
import type { Command } from "commander";
import { commandLine } from "./command-line.js";
import { addOutputOptions, type OutputFlags, portNumber } from "./common-options.js";

interface WatchFlags extends OutputFlags {
  readonly port?: number;
  readonly open?: true;
}

/** `blockwise watch`: a live page of runs. */
export function addWatchCommand(program: Command): void {
  const command = program
    .command("watch")
    .description("Serve a live page of a run, an experiment or a sweep, to browsers on this machine.")
    .argument("<run>", "the folder of a run, or one with runs further down; it may be there later")
    .option("--port <number>", "where to listen on 127.0.0.1 (default: any port that is free)", portNumber)
    .option("--open", "open the page in the browser");
  addOutputOptions(command).action(watch);
}

async function watch(folder: string, flags: WatchFlags): Promise<void> {
  await refuseFile(folder);
  const { watchRuns } = await import("@blockwise/watch");
  const { address, port, close } = await watchRuns({ folder, port: flags.port ?? 0 });
  const end = (): void => void close().then(() => process.exit(0));
  process.on("SIGINT", end);
  process.on("SIGTERM", end);
  // Started by a command that trains, it ends with that one.
  process.on("disconnect", end);
  if (flags.json) console.log(JSON.stringify({ event: "watch", address, port }));
  else console.log(address);
  if (!flags.json && !flags.quiet) console.error(await describe(folder));
  if (flags.open) await openBrowser(address);
}

/** A file never becomes a run. @throws InvalidOptionError */
async function refuseFile(folder: string): Promise<void> {
  const there = await stat(folder).catch(() => null);
  if (there === null || there.isDirectory()) return;
  throw new InvalidOptionError({
    option: "run",
    expected: "a folder, or a place where one is to come",
    received: folder,
    hint: "Give the folder that train, headline or sweep was given by --out.",
  });
}

async function describe(folder: string): Promise<string> {
  const isThere = await stat(folder).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  const waiting = isThere
    ? ""
    : ` ${folder} is not there yet; the page waits for it, as for: ${commandLine(["train", "--out", folder])}.`;
  return `Open this address in a browser on this machine; whoever has it may look. Ctrl-C ends it.${waiting}`;
}

async function openBrowser(address: string): Promise<void> {
  const { default: open } = await import("open");
  // Without a browser the address is still there to be copied.
  await open(address).then(
    (child) => child.on("error", () => undefined),
    () => undefined,
  );
}
