import { dirname } from "node:path";
import { evaluationFile, makeFolder, writeJson } from "../run/run-folder.js";
import type { EvaluationContext, EvaluationOutcome, EvaluationProtocol } from "./evaluation-protocol.js";

/** Judges a run by a protocol and keeps the result in the run's folder; null when it was interrupted. */
export async function runProtocol(
  protocol: EvaluationProtocol,
  context: EvaluationContext,
): Promise<EvaluationOutcome | null> {
  const outcome = await protocol.run(context);
  if (outcome === null) return null;
  const file = evaluationFile(context.folder, protocol.name);
  await makeFolder(dirname(file));
  await writeJson(file, outcome.record);
  return outcome;
}
