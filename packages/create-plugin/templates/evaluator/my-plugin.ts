import { type EvaluatorV1, type FeatureTable, InvalidOptionError, ShapeMismatchError } from "@blockwise/spec";

/** Options of {@link myPlugin}: plain JSON. */
export interface MyPluginOptions {
  /** Rows of the training split that are looked at, above 0; null for all. @default null */
  readonly maxRows?: number | null;
}

type Request = Parameters<EvaluatorV1["doEvaluate"]>[0];

/**
 * TODO: what it is, in one sentence.
 *
 * The class of a row is that of the training row at the least Euclidean distance. TODO: your protocol.
 *
 * @throws InvalidOptionError; `doEvaluate` throws InvalidOptionError, ShapeMismatchError for splits that do not go together.
 * @see TODO: authors, title, year.
 */
export function myPlugin(options: MyPluginOptions = {}): EvaluatorV1 {
  const { maxRows = null } = options;
  if (maxRows !== null && !(Number.isInteger(maxRows) && maxRows > 0)) {
    throw new InvalidOptionError({
      option: "maxRows",
      expected: "a whole number above 0, or null",
      received: maxRows,
    });
  }
  return {
    specificationVersion: "v1",
    kind: "evaluator",
    id: "my-plugin",
    options: { maxRows },
    doEvaluate: async (request) => {
      checkSplits(request);
      const { train, test, classCount, seed } = request;
      const rows = Math.min(maxRows ?? train.labels.length, train.labels.length);
      const hits = test.labels.filter(
        (label, row) => train.labels[nearestRow(train, rows, test, row)] === label,
      );
      const counts = { trainCount: train.labels.length, testCount: test.labels.length, dim: train.dim };
      return {
        top1: (100 * hits.length) / test.labels.length,
        protocol: { evaluator: "my-plugin", maxRows, seed, classCount, ...counts },
      };
    },
  };
}

/** The row of `train`, of the first `rows`, that lies nearest to a row of `test`. */
function nearestRow(train: FeatureTable, rows: number, test: FeatureTable, testRow: number): number {
  const { dim } = train;
  let [nearest, least] = [0, Number.POSITIVE_INFINITY];
  for (let row = 0; row < rows; row++) {
    let distance = 0;
    for (let column = 0; column < dim; column++) {
      const there = test.features[testRow * dim + column] ?? 0;
      distance += ((train.features[row * dim + column] ?? 0) - there) ** 2;
    }
    if (distance < least) [nearest, least] = [row, distance];
  }
  return nearest;
}

function checkSplits({ train, test, classCount }: Request): void {
  for (const [name, { features, dim, labels }] of Object.entries({ train, test })) {
    if (labels.length === 0 || dim !== train.dim || features.length !== labels.length * dim) {
      const [subject, expected] = [
        `my-plugin: the ${name} features`,
        `[count, ${train.dim}], a label for each row`,
      ];
      throw new ShapeMismatchError({ subject, expected, received: [labels.length, dim] });
    }
    if (!features.every(Number.isFinite)) {
      throw new InvalidOptionError({
        option: `${name}.features`,
        expected: "finite",
        received: "NaN or infinite",
      });
    }
    const wrong = labels.find((label) => label < 0 || label >= classCount);
    if (wrong !== undefined) {
      const expected = `from 0 to ${classCount - 1}`;
      throw new InvalidOptionError({ option: `${name}.labels`, expected, received: wrong });
    }
  }
}
