import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { interruptedExitCode } from "../commands/interruption.js";
import type { ProgressEvent, Reporter } from "../progress/reporter.js";

/** How a command ended. */
export interface CommandEnd {
  readonly exitCode: number;
  /** What it wrote on standard error. */
  readonly errors: string;
}

/**
 * Runs another command of this program in a process of its own, so that its memory can be measured and its failure stays
 * its own; its progress is passed on. It is interrupted when the signal is aborted, and ends with this process. Of the cores,
 * its engine takes its share beside the others that run at the same time.
 */
export async function runCommand(
  words: readonly string[],
  reporter: Reporter,
  signal: AbortSignal,
  runsAtATime: number,
): Promise<CommandEnd> {
  if (signal.aborted) return { exitCode: interruptedExitCode, errors: "" };
  const share = Math.max(1, Math.floor(availableParallelism() / runsAtATime));
  const program = fileURLToPath(new URL("./cli.js", import.meta.url));
  // In a process group of its own: a terminal sends Ctrl-C to the whole group, and it is to come once, from here.
  const child = spawn(process.execPath, [program, ...words, "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    env: { BLOCKWISE_THREADS: String(share), ...process.env },
  });
  const interrupt = (): void => void child.kill("SIGINT");
  const end = (): void => void child.kill("SIGKILL");
  signal.addEventListener("abort", interrupt);
  process.on("exit", end);
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const event = parseEvent(line);
    // What engine and images it has is known: the experiment has said so once.
    if (event !== null && (event.event !== "note" || event.run !== undefined)) reporter.report(event);
  });
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve(code ?? (signal.aborted ? interruptedExitCode : 1)));
    });
    return { exitCode, errors };
  } finally {
    signal.removeEventListener("abort", interrupt);
    process.off("exit", end);
  }
}

function parseEvent(line: string): ProgressEvent | null {
  try {
    const value = JSON.parse(line) as ProgressEvent | { readonly event: "result" };
    return value.event === "result" ? null : value;
  } catch {
    return null;
  }
}
