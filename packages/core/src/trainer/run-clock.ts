/** Measures a run: throughput, waiting, time left. */
export class RunClock {
  #start: number = performance.now();
  readonly #batchSize: number;
  readonly #startStep: number;
  readonly #stepCount: number;
  #step: number;
  #waitMs = 0;
  #now: number = this.#start;

  constructor(run: { readonly batchSize: number; readonly startStep: number; readonly stepCount: number }) {
    this.#batchSize = run.batchSize;
    this.#startStep = run.startStep;
    this.#stepCount = run.stepCount;
    this.#step = run.startStep;
  }

  /** Counts from now on. */
  start(): void {
    this.#start = performance.now();
    this.#now = this.#start;
  }

  /** Steps done in all, and the milliseconds waited for data so far. */
  stepDone(step: number, waitMs: number): void {
    this.#step = step;
    this.#waitMs = waitMs;
    this.#now = performance.now();
  }

  get seconds(): number {
    return (this.#now - this.#start) / 1000;
  }

  reading(): {
    readonly pairsPerSecond: number;
    readonly dataWaitShare: number;
    readonly secondsLeft: number;
  } {
    const done = this.#step - this.#startStep;
    const elapsed = this.seconds;
    return {
      pairsPerSecond: elapsed === 0 ? 0 : (done * this.#batchSize) / elapsed,
      dataWaitShare: elapsed === 0 ? 0 : Math.min(1, this.#waitMs / 1000 / elapsed),
      secondsLeft: done === 0 ? 0 : (elapsed / done) * (this.#stepCount - this.#step),
    };
  }
}
