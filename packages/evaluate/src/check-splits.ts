import { type FeatureTable, InvalidOptionError, ShapeMismatchError } from "@blockwise/spec";

/**
 * Makes sure that two splits can be fitted and scored.
 *
 * @throws ShapeMismatchError for an empty split, features that do not fill rows, or rows of unequal width
 * @throws InvalidOptionError for fewer than two classes, a label out of range, or a feature that is not finite
 */
export function checkSplits({
  train,
  test,
  classCount,
}: {
  readonly train: FeatureTable;
  readonly test: FeatureTable;
  readonly classCount: number;
}): void {
  if (!(Number.isSafeInteger(classCount) && classCount >= 2)) {
    throw new InvalidOptionError({
      option: "classCount",
      expected: "a whole number of at least 2",
      received: classCount,
    });
  }
  checkTable("train", train);
  checkTable("test", test);
  if (train.dim !== test.dim) {
    throw new ShapeMismatchError({
      subject: "The test features",
      expected: `[count, ${train.dim}] as the training features`,
      received: [test.labels.length, test.dim],
    });
  }
  checkLabels("train", train.labels, classCount);
  checkLabels("test", test.labels, classCount);
  if (train.labels.every((label) => label === train.labels[0])) {
    throw new InvalidOptionError({
      option: "train.labels",
      expected: "of at least two classes",
      received: `only ${train.labels[0]}`,
    });
  }
}

/**
 * Makes sure that a table has rows, that its features fill them, and that they are finite.
 *
 * @param name what the errors call the table
 * @throws ShapeMismatchError, InvalidOptionError
 */
export function checkTable(name: string, { features, dim, labels }: FeatureTable): void {
  if (labels.length === 0 || !(Number.isSafeInteger(dim) && dim >= 1)) {
    throw new ShapeMismatchError({
      subject: `The ${name} features`,
      expected: "[count, dim] with at least one row and one column",
      received: [labels.length, dim],
      hint: "An empty split has nothing to fit or score.",
    });
  }
  if (features.length !== labels.length * dim) {
    throw new ShapeMismatchError({
      subject: `The ${name} features`,
      expected: `[${labels.length * dim}], one row of ${dim} for each of ${labels.length} labels,`,
      received: [features.length],
    });
  }
  const place = features.findIndex((value) => !Number.isFinite(value));
  if (place >= 0) {
    throw new InvalidOptionError({
      option: `${name}.features`,
      expected: "finite",
      received: features[place],
      hint: `It stands in row ${Math.floor(place / dim)}, dimension ${place % dim}. Look for a network that diverged.`,
    });
  }
}

function checkLabels(name: string, labels: Int32Array, classCount: number): void {
  const place = labels.findIndex((label) => label < 0 || label >= classCount);
  if (place >= 0) {
    throw new InvalidOptionError({
      option: `${name}.labels`,
      expected: `from 0 to ${classCount - 1}`,
      received: labels[place],
      hint: `It stands in row ${place}. A label of -1 marks an image without one.`,
    });
  }
}
