import { open } from "node:fs/promises";
import { InvalidOptionError, StorageError } from "@blockwise/spec";

/** No configuration that a person or a sweep writes comes near these; beyond them lies what was written to do harm. */
const [mostBytes, mostValues, deepest] = [2 ** 20, 20_000, 64];

/** What a file is for, as errors name it. */
type Subject = "configuration" | "sweep";

/**
 * The JSON object that a configuration's file holds, or a sweep's.
 *
 * @throws InvalidOptionError; StorageError where it cannot be read.
 */
export async function readConfigFile(
  file: string,
  subject: Subject = "configuration",
): Promise<Readonly<Record<string, unknown>>> {
  return parseConfig(await readText(file, subject), file, subject);
}

/** The JSON object that a configuration's text holds, or a sweep's. @throws InvalidOptionError */
export function parseConfig(
  text: string,
  file: string,
  subject: Subject = "configuration",
): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw refuse(subject, { expected: "a file of JSON", received: file, hint: `${reason}.` }, cause);
  }
  const excess = excessOf(value);
  if (excess !== null) throw refuse(subject, { expected: excess, received: file });
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  throw refuse(subject, { expected: "a file with a JSON object", received: value });
}

/** Reads no more than a configuration may have, whatever the name leads to. */
async function readText(file: string, subject: Subject): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    const handle = await open(file);
    try {
      for await (const part of handle.createReadStream({ end: mostBytes, autoClose: false })) {
        parts.push(part as Buffer);
        bytes += (part as Buffer).length;
      }
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw new StorageError(
      `The ${subject} ${file} cannot be read: ${cause instanceof Error ? cause.message : cause}.`,
      { path: file },
      { cause },
    );
  }
  if (bytes > mostBytes) {
    throw refuse(subject, { expected: `a file of at most ${mostBytes} bytes`, received: file });
  }
  return Buffer.concat(parts).toString("utf8");
}

/** What a value is beyond: what comes after goes through values by recursion. */
function excessOf(root: unknown): string | null {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value: root, depth: 0 }];
  let count = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next;
    if (typeof value !== "object" || value === null) continue;
    if (depth >= deepest) return `a file that is nested at most ${deepest} deep`;
    const inner = Object.values(value);
    count += inner.length;
    if (count > mostValues) return `a file of at most ${mostValues} values`;
    for (const value of inner) open.push({ value, depth: depth + 1 });
  }
  return null;
}

function refuse(
  subject: Subject,
  fields: { readonly expected: string; readonly received: unknown; readonly hint?: string },
  cause?: unknown,
): InvalidOptionError {
  const option = subject === "configuration" ? "config" : "sweep";
  return new InvalidOptionError({ option, ...fields }, cause === undefined ? {} : { cause });
}
