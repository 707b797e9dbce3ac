import { BlockwiseError } from "@blockwise/spec";

/** A way to get a data set. */
export interface Attempt<Result> {
  /** Begins the line that says why it did not work. */
  readonly label: string;
  readonly open: () => Promise<Result>;
}

/** What the first attempt that worked gave. */
export interface FirstAvailable<Result> {
  /** Null when none worked. */
  readonly result: Result | null;
  /** One line for each attempt that failed before it. */
  readonly failures: readonly string[];
}

/** Makes the attempts in turn until one works. Errors that no other attempt can mend end it at once. */
export async function firstAvailable<Result>(
  attempts: readonly Attempt<Result>[],
  signal?: AbortSignal,
): Promise<FirstAvailable<Result>> {
  const failures: string[] = [];
  for (const { label, open } of attempts) {
    try {
      return { result: await open(), failures };
    } catch (error) {
      const mendable = BlockwiseError.isInstance(error) && error.code !== "BLOCKWISE_INVALID_OPTION";
      if (!mendable || signal?.aborted) throw error;
      failures.push(`${label}: ${error.message.replaceAll(/\s+/g, " ")}`);
    }
  }
  return { result: null, failures };
}
