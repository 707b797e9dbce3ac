/** What kind of figure a tensor is; each kind has its own limit. */
export type ComparisonKind = "features" | "gradients" | "losses" | "weights";

/** The largest relative error allowed: features and losses are read directly, gradients and weights have gone further. */
export const limits: Readonly<Record<ComparisonKind, number>> = {
  features: 1e-4,
  losses: 1e-4,
  gradients: 1e-3,
  weights: 1e-3,
};

/** The worst tensor of a kind. */
export interface Worst {
  readonly error: number;
  readonly tensor: string;
  readonly compared: number;
}

/** Gathers the relative errors of many tensors and keeps the worst of each kind. */
export class Comparison {
  readonly #worst = new Map<ComparisonKind, Worst>();

  add(kind: ComparisonKind, tensor: string, actual: Float32Array, reference: Float32Array): void {
    const error = relativeError(actual, reference);
    const before = this.#worst.get(kind);
    const compared = (before?.compared ?? 0) + 1;
    const worse = before === undefined || error > before.error;
    this.#worst.set(kind, worse ? { error, tensor, compared } : { ...before, compared });
  }

  get worst(): ReadonlyMap<ComparisonKind, Worst> {
    return this.#worst;
  }

  get passed(): boolean {
    return Object.entries(limits).every(([kind, limit]) => {
      const worst = this.#worst.get(kind as ComparisonKind);
      return worst !== undefined && worst.error <= limit;
    });
  }
}

/** `|actual - reference| / |reference|` in Euclidean norms; infinite where lengths differ or a value is no number. */
export function relativeError(actual: Float32Array, reference: Float32Array): number {
  if (actual.length !== reference.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let norm = 0;
  for (const [index, expected] of reference.entries()) {
    difference += ((actual[index] ?? Number.NaN) - expected) ** 2;
    norm += expected ** 2;
  }
  const error = norm === 0 ? Math.sqrt(difference) : Math.sqrt(difference / norm);
  // No later comparison with NaN would be true, and the error would be forgotten.
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}
