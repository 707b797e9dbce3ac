/**
 * How a thread that has one of some equal parts of a batch learns of the others. All threads call the same functions in the same
 * order, with as many values; each sleeps until the others have come as far.
 */
export interface BatchExchangeV1 {
  /** How many parts there are. */
  readonly count: number;
  /** The sum over all parts, added up in their order: the same bits in every thread. */
  sum(values: Float32Array): Float32Array;
  /** The values of all parts, one after the other. */
  gather(values: Float32Array): Float32Array;
}
