import { generator, rootKey } from "@blockwise/random";
import type { EvaluationV1, EvaluatorV1, FeatureTable } from "@blockwise/spec";

/** An evaluator, and what it is tried out on. */
export interface EvaluatorUnderTest {
  /** What is tested. */
  readonly evaluator: EvaluatorV1;
  /** Rows of the training split; the test split has half as many. */
  readonly rowCount: number;
  /** The least that it must score on classes that lie far apart, in percent. */
  readonly leastScore: number;
  /** Of the random features, and handed to the evaluator. */
  readonly seed: number;
}

/** What an evaluator is asked. */
export type EvaluatorRequest = Parameters<EvaluatorV1["doEvaluate"]>[0];

export const classCount = 3;
const dim = 4;

/** Two splits of three classes around three corners, far apart for a small `spread`. */
export function clusters({ rowCount, seed }: EvaluatorUnderTest, spread = 0.1): EvaluatorRequest {
  return {
    train: table(seed * 1000, rowCount, spread),
    test: table(seed * 1000 + 1, Math.ceil(rowCount / 2), spread),
    classCount,
    seed,
  };
}

/** Rows without what labels could be read from, labels in turns. */
function table(seed: number, rowCount: number, spread: number): FeatureTable {
  const random = generator(rootKey(seed));
  const labels = Int32Array.from({ length: rowCount }, (_, row) => row % classCount);
  const features = Float32Array.from({ length: rowCount * dim }, (_, place) => {
    const corner = labels[Math.floor(place / dim)] === place % dim ? 2 : 0;
    return corner + spread * random.normal();
  });
  return { features, dim, labels };
}

/** A split with its features or labels changed, value by value. */
export function changed(
  { features, labels, dim: width }: FeatureTable,
  change: { feature?(value: number): number; label?(label: number): number },
): FeatureTable {
  return {
    features: change.feature === undefined ? features : features.map(change.feature),
    labels: change.label === undefined ? labels : labels.map(change.label),
    dim: width,
  };
}

/** Asks an evaluator. */
export function evaluate(
  { evaluator }: EvaluatorUnderTest,
  request: EvaluatorRequest,
): Promise<EvaluationV1> {
  return evaluator.doEvaluate(request);
}
