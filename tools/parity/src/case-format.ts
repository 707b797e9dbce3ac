import { MalformedFileError } from "@blockwise/spec";
import {
  type FieldReader,
  fieldReader,
  isBoolean,
  isCount,
  isCounts,
  isNumbers,
  isOneOf,
} from "./case-fields.js";
import { type CaseLoss, parseLoss } from "./case-loss.js";

/** A head and its sizes. */
export type CaseHead =
  | { readonly head: "cbe1" | "cbe3" | "gsp" }
  /** `grid` cells a side. */
  | { readonly head: "lsp"; readonly grid: number };

/** One golden network: how it is built, and the learning rate of each of its steps. */
export type ParityCase = CaseLoss &
  CaseHead & {
    readonly name: string;
    readonly block: "basic" | "bottleneck";
    /** Residual units in each stage. */
    readonly layers: readonly number[];
    readonly width: number;
    readonly stem: "cifar" | "imagenet";
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
  const name: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "name") : undefined;
  const where = typeof name === "string" ? `${place} (${JSON.stringify(name)})` : place;
  const field = fieldReader(value, where, path);
  const shared = {
    name: field("name", "a file name without its ending", isFileName),
    block: field("block", '"basic" or "bottleneck"', isOneOf("basic", "bottleneck")),
    layers: field("layers", "a list of counts", isCounts),
    width: field("width", "a count", isCount),
    stem: field("stem", '"cifar" or "imagenet"', isOneOf("cifar", "imagenet")),
    dim: field("dim", "a count", isCount),
    projector: field("projector", "a list of counts", isCounts),
    batch: field("batch", "a count", isCount),
    size: field("size", "a count", isCount),
    detach: field("detach", "true or false", isBoolean),
    lars_lrs: field("lars_lrs", "a list of numbers", isNumbers),
  };
  return { ...shared, ...parseHead(field), ...parseLoss(field, shared.batch, where, path) };
}

function parseHead(field: FieldReader): CaseHead {
  const head = field("head", '"cbe1", "cbe3", "gsp" or "lsp"', isOneOf("cbe1", "cbe3", "gsp", "lsp"));
  return head === "lsp" ? { head, grid: field("grid", "a count", isCount) } : { head };
}

// A name becomes part of a path: nothing that could lead out of the folder.
function isFileName(value: unknown): value is string {
  return typeof value === "string" && /^[\w-][\w.-]*$/.test(value);
}
