/** How many rows have their own class first, and among the first five. */
export interface Hits {
  /** Rows whose own class has the highest score. */
  readonly first: number;
  /** Rows whose own class is among the five highest scores. */
  readonly firstFive: number;
}

/**
 * Counts the rows whose class has the largest logit, and one of the five largest; of equal logits that of the lowest class
 * counts as larger. A row with a logit that is not a number is no hit.
 *
 * @param logits `[rows, classCount]`, row by row
 * @param labels one a row
 */
export function countHits(logits: ArrayLike<number>, labels: ArrayLike<number>): Hits {
  const classCount = logits.length / labels.length;
  let first = 0;
  let firstFive = 0;
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] as number;
    const own = logits[row * classCount + label] as number;
    let before = 0;
    for (let other = 0; other < classCount; other++) {
      const value = logits[row * classCount + other] as number;
      // Written so that what is not a number stands before everything.
      if (!(value < own || (value === own && other >= label))) before += 1;
    }
    if (before === 0) first += 1;
    if (before < 5) firstFive += 1;
  }
  return { first, firstFive };
}
