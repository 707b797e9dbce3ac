import { BlockwiseError, type BlockwiseErrorCode } from "@blockwise/spec";
import { ensure } from "../ensure.js";

/**
 * Throws unless an action fails with an error of Blockwise's own.
 *
 * @param code The error's; null where any of Blockwise's own will do.
 * @param what In words that "is not refused" follows.
 */
export function ensureRefused(action: () => unknown, code: BlockwiseErrorCode | null, what: string): void {
  let refusal: unknown;
  try {
    action();
  } catch (error) {
    refusal = error;
  }
  ensureTyped(refusal, code, what);
}

/** As {@link ensureRefused}, for an action that gives a promise. */
export async function ensureRejected(
  action: () => Promise<unknown>,
  code: BlockwiseErrorCode | null,
  what: string,
): Promise<void> {
  let refusal: unknown;
  try {
    await action();
  } catch (error) {
    refusal = error;
  }
  ensureTyped(refusal, code, what);
}

function ensureTyped(refusal: unknown, code: BlockwiseErrorCode | null, what: string): void {
  const typed = BlockwiseError.isInstance(refusal) && (code === null || refusal.code === code);
  const wanted = code === null ? "an error of Blockwise's own" : `an error of code ${code}`;
  ensure(typed, `${what} is not refused with ${wanted} (${refusal ?? "no error"})`);
}
