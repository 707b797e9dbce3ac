import { MalformedFileError } from "@blockwise/spec";

/** A loss and its constants. */
export type CaseLoss =
  | { readonly loss: "barlow"; readonly lambda: number; readonly scale: number }
  | { readonly loss: "simclr"; readonly temperature: number }
  | { readonly loss: "vicreg"; readonly coeffs: readonly [number, number, number] };

/** One golden network: how it is built, and the learning rate of each of its steps. */
export type ParityCase = CaseLoss & {
  readonly name: string;
  readonly block: "basic" | "bottleneck";
  /** Residual units in each stage. */
  readonly layers: readonly number[];
  readonly width: number;
  readonly stem: "cifar" | "imagenet";
  readonly head: "cbe1" | "cbe3" | "gsp";
  /** Width of the head's output, where it has a width of its own. */
  readonly dim: number;
  readonly projector: readonly number[];
  readonly batch: number;
  readonly size: number;
  /** True: blockwise, one loss a stage. False: end to end, one loss. */
  readonly detach: boolean;
  readonly lars_lrs: readonly number[];
};

/**
 * Reads `cases.json`, trusting nothing.
 *
 * @throws MalformedFileError that names the case and the field.
 */
export function parseCases(text: string, path: string): readonly ParityCase[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new MalformedFileError(`${path} is not JSON.`, { path }, { cause });
  }
  if (!Array.isArray(value) || value.length === 0) {
    throw new MalformedFileError(`${path} must hold a list of at least one case.`, { path });
  }
  return value.map((item, index) => parseCase(item, `${path}, case ${index}`, path));
}

function parseCase(value: unknown, place: string, path: string): ParityCase {
  const fields = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  const where = typeof fields.name === "string" ? `${place} (${JSON.stringify(fields.name)})` : place;
  const field = <T>(name: string, expected: string, valid: (value: unknown) => value is T): T => {
    const found = fields[name];
    if (valid(found)) return found;
    throw new MalformedFileError(
      `${where}: "${name}" must be ${expected}, but is ${JSON.stringify(found) ?? "absent"}.`,
      { path },
    );
  };
  const shared = {
    name: field("name", "a file name without its ending", isFileName),
    block: field("block", '"basic" or "bottleneck"', isOneOf("basic", "bottleneck")),
    layers: field("layers", "a list of counts", isCounts),
    width: field("width", "a count", isCount),
    stem: field("stem", '"cifar" or "imagenet"', isOneOf("cifar", "imagenet")),
    head: field("head", '"cbe1", "cbe3" or "gsp"', isOneOf("cbe1", "cbe3", "gsp")),
    dim: field("dim", "a count", isCount),
    projector: field("projector", "a list of counts", isCounts),
    batch: field("batch", "a count", isCount),
    size: field("size", "a count", isCount),
    detach: field("detach", "true or false", (item): item is boolean => typeof item === "boolean"),
    lars_lrs: field("lars_lrs", "a list of numbers", isNumbers),
  };
  switch (field("loss", '"barlow", "simclr" or "vicreg"', isOneOf("barlow", "simclr", "vicreg"))) {
    case "barlow":
      return {
        ...shared,
        loss: "barlow",
        lambda: field("lambda", "a number", isNumber),
        scale: field("scale", "a number", isNumber),
      };
    case "simclr":
      return { ...shared, loss: "simclr", temperature: field("temperature", "a number", isNumber) };
    case "vicreg":
      return { ...shared, loss: "vicreg", coeffs: field("coeffs", "three numbers", isThreeNumbers) };
  }
}

function isOneOf<const T extends string>(...values: readonly T[]): (value: unknown) => value is T {
  return (value): value is T => values.some((known) => known === value);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every(isNumber);
}

function isThreeNumbers(value: unknown): value is readonly [number, number, number] {
  return isNumbers(value) && value.length === 3;
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every(isCount);
}

// A name becomes part of a path: nothing that could lead out of the folder.
function isFileName(value: unknown): value is string {
  return typeof value === "string" && /^[\w-][\w.-]*$/.test(value);
}
