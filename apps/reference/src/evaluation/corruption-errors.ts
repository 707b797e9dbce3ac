/** A block's errors, in percent of the images. */
export interface BlockErrors {
  readonly block: string;
  /** On the images as they are. */
  readonly clean: number;
  /** By corruption; one error a severity, in the order of the protocol. */
  readonly byCorruption: Readonly<Record<string, readonly number[]>>;
}

/** What a block's errors come to. */
export interface CorruptionScores {
  /** By corruption: the mean over the severities. */
  readonly meanBySeverity: Readonly<Record<string, number>>;
  /** The mean of those: the mean corruption error without a baseline. */
  readonly mean: number;
}

/** A block's errors beside a baseline's, in percent of the baseline's. */
export interface RelativeScores {
  /** By corruption: `sum_s E / sum_s E_baseline`; null where the baseline makes no error. */
  readonly corruptionError: Readonly<Record<string, number | null>>;
  /** The mean of those: mCE. Null where one is. */
  readonly meanCorruptionError: number | null;
  /**
   * By corruption: `sum_s (E - E_clean) / sum_s (E_baseline - E_baseline,clean)`; null where the baseline does not become
   * worse.
   */
  readonly relativeCorruptionError: Readonly<Record<string, number | null>>;
  /** The mean of those: relative mCE. Null where one is. */
  readonly relativeMeanCorruptionError: number | null;
}

/** Means over severities and corruptions. */
export function summarizeErrors({ byCorruption }: BlockErrors): CorruptionScores {
  const meanBySeverity = mapEntries(byCorruption, (errors) => sum(errors) / errors.length);
  const means = Object.values(meanBySeverity);
  return { meanBySeverity, mean: sum(means) / means.length };
}

/**
 * The corruption errors of a block against those of a baseline on the same corruptions and severities.
 *
 * @see Hendrycks, Dietterich: Benchmarking neural network robustness to common corruptions and perturbations, 2019,
 *   arXiv 1903.12261, section 3.2
 */
export function compareErrors(block: BlockErrors, baseline: BlockErrors): RelativeScores {
  const ratio = (name: string, cleanShare: 0 | 1): number | null => {
    const degradation = (errors: BlockErrors): number =>
      sum((errors.byCorruption[name] ?? []).map((error) => error - cleanShare * errors.clean));
    const against = degradation(baseline);
    return against > 0 ? (100 * degradation(block)) / against : null;
  };
  const corruptionError = mapEntries(block.byCorruption, (_, name) => ratio(name, 0));
  const relativeCorruptionError = mapEntries(block.byCorruption, (_, name) => ratio(name, 1));
  return {
    corruptionError,
    meanCorruptionError: meanOf(Object.values(corruptionError)),
    relativeCorruptionError,
    relativeMeanCorruptionError: meanOf(Object.values(relativeCorruptionError)),
  };
}

function meanOf(values: readonly (number | null)[]): number | null {
  const numbers = values.filter((value) => value !== null);
  return numbers.length === values.length && values.length > 0 ? sum(numbers) / numbers.length : null;
}

function mapEntries<From, To>(
  record: Readonly<Record<string, From>>,
  change: (value: From, name: string) => To,
): Readonly<Record<string, To>> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
