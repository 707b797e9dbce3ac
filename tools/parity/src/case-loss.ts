import {
  type FieldReader,
  fieldReader,
  isCount,
  isNumber,
  isNumbers,
  isObject,
  isOneOf,
} from "./case-fields.js";

/** A loss and its constants. */
export type CaseLoss = PlainCaseLoss | LookAheadCaseLoss;

/** A loss of one block alone. */
export type PlainCaseLoss =
  | { readonly loss: "barlow"; readonly lambda: number; readonly scale: number }
  | { readonly loss: "simclr"; readonly temperature: number }
  | { readonly loss: "vicreg"; readonly coeffs: readonly [number, number, number] }
  | {
      readonly loss: "cross-entropy";
      readonly input: "embedding" | "feature";
      readonly smoothing: number;
      readonly classes: number;
      /** The class of each image, from 0. */
      readonly labels: readonly number[];
    }
  | {
      readonly loss: "greedy-infomax";
      readonly steps: number;
      readonly negatives: number | "all";
      readonly temperature: number;
      readonly patches: number;
    };

/** A loss of a block and, weighted, of what the next one makes of it. */
export interface LookAheadCaseLoss {
  readonly loss: "look-ahead";
  readonly weight: number;
  readonly of: PlainCaseLoss;
}

const plainNames = ["barlow", "simclr", "vicreg", "cross-entropy", "greedy-infomax"] as const;

/** Reads a case's loss. `where` is the case's place in words. @throws MalformedFileError */
export function parseLoss(field: FieldReader, batch: number, where: string, path: string): CaseLoss {
  const expected = `${plainNames.map((name) => `"${name}"`).join(", ")} or "look-ahead"`;
  const name = field("loss", expected, isOneOf(...plainNames, "look-ahead"));
  if (name !== "look-ahead") return parsePlainLoss(field, batch);
  const inner = fieldReader(field("of", "a loss with its constants", isObject), `${where}, "of"`, path);
  return { loss: name, weight: field("weight", "a number", isNumber), of: parsePlainLoss(inner, batch) };
}

function parsePlainLoss(field: FieldReader, batch: number): PlainCaseLoss {
  const expected = `one of ${plainNames.map((name) => `"${name}"`).join(", ")}`;
  const loss = field("loss", expected, isOneOf(...plainNames));
  switch (loss) {
    case "barlow":
      return {
        loss,
        lambda: field("lambda", "a number", isNumber),
        scale: field("scale", "a number", isNumber),
      };
    case "simclr":
      return { loss, temperature: field("temperature", "a number", isNumber) };
    case "vicreg":
      return { loss, coeffs: field("coeffs", "three numbers", isThreeNumbers) };
    case "cross-entropy": {
      const classes = field("classes", "a count", isCount);
      return {
        loss,
        classes,
        input: field("input", '"embedding" or "feature"', isOneOf("embedding", "feature")),
        smoothing: field("smoothing", "a number", isNumber),
        labels: field("labels", `${batch} whole numbers from 0 to ${classes - 1}`, areLabels(batch, classes)),
      };
    }
    case "greedy-infomax":
      return {
        loss,
        steps: field("steps", "a count", isCount),
        negatives: field("negatives", 'a count or "all"', isCountOrAll),
        temperature: field("temperature", "a number", isNumber),
        patches: field("patches", "a count", isCount),
      };
  }
}

function isThreeNumbers(value: unknown): value is readonly [number, number, number] {
  return isNumbers(value) && value.length === 3;
}

function isCountOrAll(value: unknown): value is number | "all" {
  return value === "all" || isCount(value);
}

function areLabels(batch: number, classes: number): (value: unknown) => value is readonly number[] {
  return (value): value is readonly number[] =>
    isNumbers(value) &&
    value.length === batch &&
    value.every((label) => Number.isInteger(label) && label >= 0 && label < classes);
}
