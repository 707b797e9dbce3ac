import { basename } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { readResolvedConfig } from "../config/load-config.js";
import { probeSettings } from "../evaluation/probe-settings.js";
import type { EvaluationRecord } from "../evaluation/probes.js";
import { readJsonIfThere, runFolder } from "../run/run-folder.js";

/**
 * Whether a run has scores that can stand beside those of others: of its newest checkpoint, by its own settings. `evaluate`
 * may have judged it half trained, or by the settings of another file.
 */
export async function isScored(folder: string): Promise<boolean> {
  const files = runFolder(folder);
  const record = await readJsonIfThere<EvaluationRecord>(files.evaluation);
  if (record === null) return false;
  const config = await readResolvedConfig(files.config);
  const { latestCheckpoint } = await import("@blockwise/core");
  const newest = config.epochs === 0 ? null : await latestCheckpoint(files.checkpoints);
  const { settings, protocol } = record;
  return (
    isDeepStrictEqual(protocol.features, {
      ...(protocol.features as object),
      checkpoint: newest === null ? null : basename(newest),
    }) &&
    // Not written by the first versions: their scores are taken as they are.
    (settings === undefined || isDeepStrictEqual(settings, probeSettings(config)))
  );
}
