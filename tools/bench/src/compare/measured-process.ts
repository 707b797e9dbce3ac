import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { EngineUnavailableError } from "@blockwise/spec";

/** A process that answers each line of its input with one line of JSON. */
export interface MeasuredProcess {
  /**
   * The next line that the process prints, after it was sent `request`; null sends nothing.
   * @throws EngineUnavailableError when the process ends instead.
   */
  ask<Answer>(request: string | null): Promise<Answer>;
  /** Ends its input and waits until it has ended. */
  close(): Promise<void>;
}

/** Starts a process; `name` is what errors call it. */
export function startProcess(name: string, command: string, words: readonly string[]): MeasuredProcess {
  const child = spawn(command, words, { stdio: ["pipe", "pipe", "pipe"] });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints = (complaints + text).slice(-4000);
  });
  const ended = new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (status, signal) => resolve(`it ended with ${signal ?? `status ${status}`}`));
  });
  // A process that has ended says so by its end, not by its closed input.
  child.stdin.on("error", () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async <Answer>(request: string | null) => {
      if (request !== null) child.stdin.write(`${request}\n`);
      const { value, done } = await lines.next();
      if (done === true) {
        throw new EngineUnavailableError(
          `${name} cannot be timed: ${await ended}.\n${complaints.trim()}`.trim(),
          { engine: name },
        );
      }
      return JSON.parse(value) as Answer;
    },
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
