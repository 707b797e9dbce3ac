import { openPlain } from "./open-plain.js";

/** What a run writes whole is far smaller. */
const mostBytes = 4 * 2 ** 20;

/** A small file as it is now; null where there is none, or it is too large to be one of a run's. */
export async function readWhole(path: string): Promise<Buffer | null> {
  const file = await openPlain(path);
  if (file === null) return null;
  try {
    return file.size > mostBytes ? null : await file.handle.readFile();
  } catch {
    return null;
  } finally {
    await file.handle.close();
  }
}

/** A file of one JSON object; null where there is none, or it is half written. */
export async function readObject(path: string): Promise<Readonly<Record<string, unknown>> | null> {
  const bytes = await readWhole(path);
  if (bytes === null) return null;
  return parseObject(bytes.toString("utf8"));
}

/** A JSON object from its text; null for anything else. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return null;
  }
}

/** The value where it is an object and no list. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null;
}

/** Beyond any float32, and far enough from the largest double that axes and sums of such numbers are finite. */
const largestNumber = 1e39;
/** More steps than any run has. */
const mostSteps = 1e12;

/** The value where it is a number that can be drawn. */
export function asNumber(value: unknown): number | null {
  return typeof value === "number" && Math.abs(value) <= largestNumber ? value : null;
}

/** The value where it is a whole number from 0 on: a count of steps. */
export function asStep(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= mostSteps
    ? value
    : null;
}
