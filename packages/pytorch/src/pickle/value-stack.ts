import type { Refusal } from "../refuse.js";
import type { PickleValue } from "./values.js";

/** The stack of a pickle, with the marks that its groups begin at. */
export class ValueStack {
  readonly #values: PickleValue[] = [];
  readonly #marks: number[] = [];
  readonly #refuse: Refusal;

  constructor(refuse: Refusal) {
    this.#refuse = refuse;
  }

  get size(): number {
    return this.#values.length;
  }

  push(value: PickleValue): void {
    this.#values.push(value);
  }

  pop(): PickleValue {
    this.#requireAbove(1);
    return this.#values.pop() as PickleValue;
  }

  /** The top value, which stays. */
  peek(): PickleValue {
    this.#requireAbove(1);
    return this.#values.at(-1) as PickleValue;
  }

  /** The top values, in the order in which they were pushed. */
  popMany(count: number): PickleValue[] {
    this.#requireAbove(count);
    return this.#values.splice(this.#values.length - count, count);
  }

  mark(): void {
    this.#marks.push(this.#values.length);
  }

  /** The values above the last mark, which goes with them. */
  popToMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) return this.#refuse.malformed("a group in its pickle has no beginning");
    return this.#values.splice(mark);
  }

  #requireAbove(count: number): void {
    const floor = this.#marks.at(-1) ?? 0;
    if (this.#values.length - floor < count)
      this.#refuse.malformed("its pickle takes values that it never gave");
  }
}
