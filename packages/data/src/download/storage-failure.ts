import { StorageError } from "@blockwise/spec";

/** Does something with a file of the cache; its failure comes out as `StorageError` with what to do. */
export async function writing<Result>(path: string, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const advice = ADVICE[code] ?? "Choose another cache folder by the option or by BLOCKWISE_CACHE.";
    throw new StorageError(`Cannot write "${path}" (${code}). ${advice}`, { path }, { cause: error });
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC:
    "The disk is full: free some space, or choose another cache folder by the option or BLOCKWISE_CACHE.",
  EDQUOT: "Your quota is used up: free some space, or choose another cache folder by BLOCKWISE_CACHE.",
};
