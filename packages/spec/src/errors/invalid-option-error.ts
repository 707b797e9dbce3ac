import { BlockwiseError, type BlockwiseErrorOptions } from "./blockwise-error.js";

/** An option has a value that it may not have. */
export class InvalidOptionError extends BlockwiseError {
  override readonly name = "InvalidOptionError";
  readonly code = "BLOCKWISE_INVALID_OPTION";
  /** The option's name, dotted for nested ones: `"optimizer.momentum"`. */
  readonly option: string;
  /** What the option may be, in words: `"a number above 0"`. */
  readonly expected: string;
  /** What it was. */
  readonly received: unknown;

  constructor(
    fields: {
      readonly option: string;
      readonly expected: string;
      readonly received: unknown;
      /** What to do about it, where that is not plain. */
      readonly hint?: string;
    },
    options?: BlockwiseErrorOptions,
  ) {
    const received = describeValue(fields.received);
    const hint = fields.hint === undefined ? "" : ` ${fields.hint}`;
    super(`Option "${fields.option}" must be ${fields.expected}, but is ${received}.${hint}`, options);
    this.option = fields.option;
    this.expected = fields.expected;
    this.received = fields.received;
  }
}

/** A value of any size has to leave a message that people can read. */
const longestDescription = 1000;

function describeValue(value: unknown): string {
  const text = toText(value);
  return text.length <= longestDescription ? text : `${text.slice(0, longestDescription)}...`;
}

function toText(value: unknown): string {
  if (typeof value === "number" || value === undefined) return String(value);
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return `${value}n`;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
