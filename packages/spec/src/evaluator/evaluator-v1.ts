import type { JsonObject } from "../json.js";
import type { PluginV1 } from "../plugin.js";

/** Features of a split: one row a sample. */
export interface FeatureTable {
  /** `[count, dim]`, row by row. Borrowed. */
  readonly features: Float32Array;
  /** Numbers in a row. */
  readonly dim: number;
  /** One label a row. Borrowed. */
  readonly labels: Int32Array;
}

/** A score and how it was come by. */
export interface EvaluationV1 {
  /** Accuracy of the first guess on the held-out split, in percent. */
  readonly top1: number;
  /** Share of rows whose class is among the first five guesses, in percent; absent for fewer than six classes. */
  readonly top5?: number;
  /**
   * Everything that another person needs to repeat it: the evaluator's options, its id as `evaluator`, `seed`, `classCount`,
   * `dim`, `trainCount` and `testCount`, and whatever else it took.
   */
  readonly protocol: JsonObject;
}

/** Judges features: fits on the training split, scores on the held-out one. */
export interface EvaluatorV1 extends PluginV1<"evaluator"> {
  /** @throws ShapeMismatchError where the splits do not go together. */
  doEvaluate(request: {
    readonly train: FeatureTable;
    readonly test: FeatureTable;
    readonly classCount: number;
    /** The seed of whatever is random in it. */
    readonly seed: number;
  }): Promise<EvaluationV1>;
}
