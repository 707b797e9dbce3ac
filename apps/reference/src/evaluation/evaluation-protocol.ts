import type { JsonObject } from "@blockwise/spec";
import type { Reporter } from "../progress/reporter.js";
import type { OpenedRun } from "../run/open-run.js";

/** What a protocol works on. */
export interface EvaluationContext {
  readonly run: OpenedRun;
  /** The run's name, for people. */
  readonly name: string;
  /** The run's folder. */
  readonly folder: string;
  /** The folder of a run to compare with; null where none was named. */
  readonly against: string | null;
  readonly reporter: Reporter;
  /** Aborted when the user wants to stop: save what is worth it and return null. */
  readonly signal: AbortSignal;
}

/** What a protocol found. */
export interface EvaluationOutcome {
  /** What the protocol's file holds: the result, how it was come by, and how long it took. Plain JSON. */
  readonly record: { readonly protocol: JsonObject; readonly seconds: number };
  /** The result as lines for people. */
  readonly summary: string;
}

/** One way to judge a trained run. A new one is a file beside this and a line in `protocols.ts`. */
export interface EvaluationProtocol {
  /** Lower case with hyphens: what `--protocol` takes, and the name of the file in the run's folder. */
  readonly name: string;
  /** One sentence: what it says about the run. */
  readonly description: string;
  /**
   * Judges a run; null when it was interrupted.
   *
   * @throws DataSourceError, CheckpointError, InvalidOptionError
   */
  run(context: EvaluationContext): Promise<EvaluationOutcome | null>;
}
