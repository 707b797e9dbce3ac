import { spawn } from "node:child_process";
import { EngineInstallError } from "@blockwise/spec";

/** How a program ended; null where there is no such program. */
export interface ProgramResult {
  readonly code: number;
  readonly stdout: string;
  /** The last lines of what it said on both streams. */
  readonly lastLines: string;
}

/** What a program is run with. */
export interface ProgramOptions {
  readonly cwd?: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

/** Runs a program to its end and keeps what it says. @throws EngineInstallError (`interrupted`) when it was told to stop */
export function runProgram(
  command: string,
  args: readonly string[],
  { cwd, environment, signal }: ProgramOptions,
): Promise<ProgramResult | null> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(interrupted());
      return;
    }
    const child = spawn(command, args, { cwd, env: environment, stdio: ["ignore", "pipe", "pipe"] });
    const stop = (): void => {
      child.kill("SIGTERM");
    };
    signal?.addEventListener("abort", stop);
    let stdout = "";
    let said = "";
    child.stdout.on("data", (data: Buffer) => {
      stdout += data;
      said += data;
    });
    child.stderr.on("data", (data: Buffer) => {
      said += data;
    });
    child.on("error", (error: NodeJS.ErrnoException) => {
      signal?.removeEventListener("abort", stop);
      if (error.code === "ENOENT" || error.code === "EACCES") resolve(null);
      else reject(error);
    });
    child.on("close", (code) => {
      signal?.removeEventListener("abort", stop);
      if (signal?.aborted) reject(interrupted());
      else resolve({ code: code ?? 1, stdout, lastLines: lastLinesOf(said) });
    });
  });
}

/** The first of some programs that answers to the given arguments with success, or null. */
export async function findProgram(
  candidates: readonly string[],
  args: readonly string[],
  options: ProgramOptions,
): Promise<string | null> {
  for (const candidate of candidates) {
    const result = await runProgram(candidate, args, options);
    if (result?.code === 0) return candidate;
  }
  return null;
}

/** What is thrown when an installation is told to stop. */
export function interrupted(): EngineInstallError {
  return new EngineInstallError("Stopped. What was there before is as it was.", { step: "interrupted" });
}

function lastLinesOf(text: string): string {
  return text.trimEnd().split("\n").slice(-12).join("\n");
}
