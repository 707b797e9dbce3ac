import { isDeepStrictEqual } from "node:util";
import { InvalidOptionError, type JsonObject } from "@blockwise/spec";
import { commandLine } from "../commands/command-line.js";
import { evaluationFile, readJsonIfThere } from "../run/run-folder.js";
import type { BlockErrors } from "./corruption-errors.js";

/** The part of a protocol in which two runs must be the same for their errors to be compared. */
export interface CorruptionSubject {
  readonly corruptions: readonly string[];
  readonly severities: readonly number[];
  readonly scale: string;
  readonly images: JsonObject;
}

/**
 * The errors that another run has made on the same corrupted images.
 *
 * @throws InvalidOptionError for a run that has not been scored by this protocol, or on other images
 */
export async function readBaseline(
  folder: string,
  subject: CorruptionSubject,
  blocks: readonly string[],
): Promise<readonly BlockErrors[]> {
  const record = await readJsonIfThere<{
    readonly blocks: readonly BlockErrors[];
    readonly protocol: CorruptionSubject;
  }>(evaluationFile(folder, "corruptions"));
  if (record === null) {
    throw new InvalidOptionError({
      option: "against",
      expected: "a run that has been scored on corrupted images",
      received: folder,
      hint: `Score it first: ${commandLine(["evaluate", folder, "--protocol", "corruptions"])}`,
    });
  }
  for (const field of ["corruptions", "severities", "scale", "images"] as const) {
    if (isDeepStrictEqual(record.protocol[field], subject[field])) continue;
    throw new InvalidOptionError({
      option: "against",
      expected: `a run scored on the same ${field} (${JSON.stringify(subject[field])})`,
      received: record.protocol[field],
      hint: "Score both with the same images and the same --config.",
    });
  }
  return blocks.map((block) => {
    const found = record.blocks.find((one) => one.block === block);
    if (found !== undefined) return found;
    throw new InvalidOptionError({
      option: "against",
      expected: `a run with the block ${block}`,
      received: record.blocks.map((one) => one.block),
      hint: "A baseline has the same stages.",
    });
  });
}
