import { PhaseError } from "./run-phase.mjs";

/**
 * Throws when this Node is older than `range`, which is of the form `>=20.19`.
 *
 * @param {string} range
 * @param {string} [current] the version to judge
 */
export function checkNodeVersion(range, current = process.versions.node) {
  const minimum = range.replace(/^>=/, "").split(".").map(Number);
  const found = current.split(".").map(Number);
  for (const [index, wanted] of minimum.entries()) {
    const part = found[index] ?? 0;
    if (part > wanted) return;
    if (part < wanted) {
      throw new PhaseError(
        `Blockwise needs Node ${range}, but this is Node ${current}. Install a newer one (https://nodejs.org) and run the command again.`,
      );
    }
  }
}
