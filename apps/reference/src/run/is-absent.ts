import { BlockwiseError } from "@blockwise/spec";

/** Whether an error says that a file is not there, or not in a folder. */
export function isAbsent(error: unknown): boolean {
  const cause = BlockwiseError.isInstance(error) ? error.cause : error;
  return cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR");
}
