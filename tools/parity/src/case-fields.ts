import { MalformedFileError } from "@blockwise/spec";

/** Reads one field of a case, or throws MalformedFileError that names the case and the field. */
export type FieldReader = <T>(name: string, expected: string, valid: (value: unknown) => value is T) => T;

/** A reader of an object's fields. `where` is the case's place in words, for errors. */
export function fieldReader(value: unknown, where: string, path: string): FieldReader {
  const fields = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  return (name, expected, valid) => {
    const found = fields[name];
    if (valid(found)) return found;
    throw new MalformedFileError(
      `${where}: "${name}" must be ${expected}, but is ${JSON.stringify(found) ?? "absent"}.`,
      { path },
    );
  };
}

export function isOneOf<const T extends string>(...values: readonly T[]): (value: unknown) => value is T {
  return (value): value is T => values.some((known) => known === value);
}

export function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

export function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every(isNumber);
}

export function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every(isCount);
}

export function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
