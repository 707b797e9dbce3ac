import type { JsonObject } from "@blockwise/spec";
import type { BlockResultV1, ScoreV1, TrainResultV1 } from "../results-v1.js";

/** What a row of a sweep is compared with. */
export type SweepControlV1 = "end-to-end" | "random";

/** One network of a sweep. */
export interface SweepRunV1 {
  /** What all randomness of the run came from. */
  readonly seed: number;
  /** Where its files are, relative to the sweep's folder. Rows that ask for the same network share one. */
  readonly folder: string;
  /** Null for a network that stays as it was initialised. */
  readonly train: TrainResultV1 | null;
  /** From the first depth to the last, the same in all runs. */
  readonly blocks: readonly BlockResultV1[];
}

/** One configuration, with every seed, and its controls. */
export interface SweepRowV1 {
  /** The row's label, for people. */
  readonly name: string;
  /** The option taken on each axis. */
  readonly options: Readonly<Record<string, string>>;
  /** One a seed. */
  readonly runs: readonly SweepRunV1[];
  /** The same configuration trained otherwise; one a seed. */
  readonly controls: Readonly<Partial<Record<SweepControlV1, readonly SweepRunV1[]>>>;
}

/** The results of a sweep, as `sweep.json` holds them: a contract that only grows. */
export interface SweepResultsV1 {
  /** The version of this contract. */
  readonly schema: 1;
  /** The heading of its report. */
  readonly title: string;
  /** What the sweep is to answer. */
  readonly question?: string;
  /** The data set's id: `"cifar-10"`. */
  readonly dataset: string;
  /** The engine's id: `"wasm"`. */
  readonly engine: string;
  /** Those of every row's runs. */
  readonly seeds: readonly number[];
  /** One a configuration, in the order of the sweep's file. */
  readonly rows: readonly SweepRowV1[];
  /** The linear probe on the pixels themselves, one a seed. */
  readonly pixels: readonly ScoreV1[];
  /** How the scores were come by: everything that another person needs to repeat them. */
  readonly protocol: JsonObject;
  /** What all rows have in common, and what each axis changes. */
  readonly settings?: JsonObject;
  /** What the reader should know before believing the numbers. */
  readonly warnings?: readonly string[];
  /** How many runs shared the machine: it bears on their throughput. */
  readonly runsAtATime?: number;
  /** When the sweep began, as an ISO 8601 time. */
  readonly startedAt?: string;
  /** The command that repeats it. */
  readonly command?: string;
}
