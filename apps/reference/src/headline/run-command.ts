import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ProgressEvent, Reporter } from "../progress/reporter.js";

/** How a command ended. */
export interface CommandEnd {
  readonly exitCode: number;
  /** What it wrote on standard error. */
  readonly errors: string;
}

/**
 * Runs another command of this program in a process of its own, so that its memory can be measured and its failure stays
 * its own; its progress is passed on.
 */
export function runCommand(words: readonly string[], reporter: Reporter): Promise<CommandEnd> {
  const program = fileURLToPath(new URL("./cli.js", import.meta.url));
  const child = spawn(process.execPath, [program, ...words, "--json"], { stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const event = parseEvent(line);
    // What engine and images it has is known: the experiment has said so once.
    if (event !== null && event.event !== "note") reporter.report(event);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ exitCode: code ?? 1, errors }));
  });
}

function parseEvent(line: string): ProgressEvent | null {
  try {
    const value = JSON.parse(line) as ProgressEvent | { readonly event: "result" };
    return value.event === "result" ? null : value;
  } catch {
    return null;
  }
}
