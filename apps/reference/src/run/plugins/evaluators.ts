import type { EvaluatorV1 } from "@blockwise/spec";
import type { RunConfig } from "../../config/schema.js";
import { pluginFromPackage } from "./from-package.js";

/** The evaluators of packages that a configuration names, in its order. @throws as `pluginFromPackage` does */
export async function createEvaluators({
  evaluators = [],
}: RunConfig["evaluation"]): Promise<readonly EvaluatorV1[]> {
  return Promise.all(
    evaluators.map((choice) =>
      pluginFromPackage({ kind: "evaluator", field: "evaluation.evaluators", choice }),
    ),
  );
}
