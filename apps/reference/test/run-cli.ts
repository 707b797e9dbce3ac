import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The built command line: these tests run it as users do, in processes of its own. */
const cliPath: string = fileURLToPath(new URL("../dist/cli.js", import.meta.url));

if (!existsSync(cliPath)) {
  throw new Error(`${cliPath} is missing. Build it first: node tools/setup/prepare.mjs`);
}

/** How a command ended. */
export interface CliEnd {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command under way. */
export interface RunningCli {
  readonly process: ChildProcess;
  readonly ended: Promise<CliEnd>;
  /** Waits until standard output holds `text`. Fails if the command ends before. */
  printed(text: string): Promise<void>;
}

/** Runs `blockwise` with such words to its end. */
export function runCli(...words: readonly string[]): Promise<CliEnd> {
  return start(process.execPath, [cliPath, ...words]).ended;
}

/** Runs `blockwise` with such words under Node with such flags. */
export function runCliUnder(flags: readonly string[], ...words: readonly string[]): Promise<CliEnd> {
  return start(process.execPath, [...flags, cliPath, ...words]).ended;
}

/** Starts `blockwise` with such words. */
export function startCli(...words: readonly string[]): RunningCli {
  return start(process.execPath, [cliPath, ...words]);
}

/** Runs `blockwise` where no file can become larger than so many blocks of 512 or 1024 bytes: a disk that fills up. */
export function runCliWithFileLimit(blocks: number, ...words: readonly string[]): Promise<CliEnd> {
  const script = `trap '' XFSZ; ulimit -f ${blocks}; exec "$@"`;
  return start("sh", ["-c", script, "sh", process.execPath, cliPath, ...words]).ended;
}

function start(command: string, words: readonly string[]): RunningCli {
  const child = spawn(command, words, { stdio: ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  let look = (): void => undefined;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
    look();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
  });
  const ended = new Promise<CliEnd>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode) => resolve({ exitCode, ...output }));
  });
  const printed = async (text: string): Promise<void> => {
    const found = new Promise<true>((resolve) => {
      look = () => output.stdout.includes(text) && resolve(true);
      look();
    });
    const seen = await Promise.race([found, ended.then(() => output.stdout.includes(text))]);
    if (!seen) throw new Error(`The command ended without printing ${text}:\n${output.stderr}`);
  };
  return { process: child, ended, printed };
}
