/** Exit code of a program that was interrupted, by convention. */
export const interruptedExitCode = 130;

/**
 * Turns the first Ctrl-C (or SIGTERM) into an abort, so that the work at hand is saved; a second one ends the process at
 * once.
 */
export function onInterruption(note: (message: string) => void): AbortSignal {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(interruptedExitCode);
    note("stopping after this step; once more to stop at once");
    controller.abort();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  return controller.signal;
}
