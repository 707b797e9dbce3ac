import type { LatestProgress } from "./progress-state.js";
import { asNumber, asStep } from "./read-whole.js";
import type { RunReader } from "./run-reader.js";

/** How a run is. */
export type RunState = "waiting" | "running" | "silent" | "stopped" | "finished";

/** How a run is, and how far. */
export interface RunStatus {
  readonly state: RunState;
  /** Steps done. */
  readonly step: number;
  /** Null where it is not known. */
  readonly stepCount: number | null;
  /** Of a run that is silent: milliseconds since its last sign. */
  readonly silentMs: number;
  readonly latest: LatestProgress | null;
}

const leastSilenceMs = 60_000;

/** Reads a run's state from what its files say. @param now milliseconds since 1970 */
export function runStatus(reader: RunReader, now: number): RunStatus {
  const { latest } = reader.progress;
  const training = reader.object("training");
  const logged = reader.log.lastStep === null ? 0 : reader.log.lastStep + 1;
  if (latest === null) {
    // Runs of before there was such a file.
    const isThere = training !== null || logged > 0;
    const state = training?.complete === true ? "finished" : isThere ? "stopped" : "waiting";
    const stepCount = asStep(training?.stepCount);
    return { state, step: asStep(training?.step) ?? logged, stepCount, silentMs: 0, latest: null };
  }
  const step = Math.max(latest.step, latest.end === null ? logged : 0);
  const about = { step, stepCount: latest.stepCount, latest };
  if (latest.end !== null) {
    return { ...about, state: latest.end === "complete" ? "finished" : "stopped", silentMs: 0 };
  }
  const silentMs = Math.max(0, now - (latest.time ?? now));
  const isSilent = silentMs > Math.max(leastSilenceMs, 5 * latest.gapMs);
  return { ...about, state: isSilent ? "silent" : "running", silentMs: isSilent ? silentMs : 0 };
}

/** What the whole run took, where it has ended: `training.json` has it over all the times it was resumed. */
export function trainingNumber(reader: RunReader, field: string): number | null {
  return asNumber(reader.object("training")?.[field]);
}
