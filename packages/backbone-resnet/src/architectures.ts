/** How the ResNets of He et al. (2015, arXiv 1512.03385, table 1) differ. */
export interface Architecture {
  /** Two convolutions of 3 x 3 (`"basic"`), or 1 x 1, 3 x 3 and 1 x 1 with four times the channels at the end. */
  readonly unit: "basic" | "bottleneck";
  /** Residual units in each stage. */
  readonly unitCounts: readonly number[];
}

/** A depth that has a name. */
export type ResNetDepth = 18 | 34 | 50 | 101 | 152;

/** Known depths. */
export const architectures: Readonly<Record<ResNetDepth, Architecture>> = {
  18: { unit: "basic", unitCounts: [2, 2, 2, 2] },
  34: { unit: "basic", unitCounts: [3, 4, 6, 3] },
  50: { unit: "bottleneck", unitCounts: [3, 4, 6, 3] },
  101: { unit: "bottleneck", unitCounts: [3, 4, 23, 3] },
  152: { unit: "bottleneck", unitCounts: [3, 8, 36, 3] },
};
