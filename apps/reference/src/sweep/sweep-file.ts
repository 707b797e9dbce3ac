import { InvalidOptionError } from "@blockwise/spec";
import { z } from "zod";
import { invalidField } from "../config/invalid-field.js";
import { readConfigFile } from "../config/read-config-file.js";
import { type PresetName, presets } from "../presets/presets.js";

/** Some fields of a configuration; they are checked with the rest of it. */
const fields = z.record(z.string(), z.unknown());

const sweepSchema = z.strictObject({
  title: z.string().min(1),
  /** What the sweep is to answer. */
  question: z.string().min(1).optional(),
  /** What the fields are that nothing else says. */
  preset: z.enum(Object.keys(presets) as [PresetName, ...PresetName[]]).default("quick"),
  /** What all rows have in common, over the preset. */
  config: fields.default({}),
  /** By axis, by option: what the option changes. Every combination is a row. */
  axes: z.record(z.string().min(1), z.record(z.string().min(1), fields)),
  seeds: z.array(z.int().min(0)).min(1).default([0]),
  /** What each row is compared with. */
  controls: z.array(z.enum(["end-to-end", "random"])).default(["end-to-end", "random"]),
});

/** A sweep of more would not end, and its plan would fill the memory. */
const mostNetworks = 10_000;

/** What a sweep's file says, defaults filled in. */
export type SweepFile = z.infer<typeof sweepSchema>;

/** @throws InvalidOptionError that names the field; StorageError when the file cannot be read. */
export async function readSweepFile(path: string): Promise<SweepFile> {
  return parseSweep(await readConfigFile(path, "sweep"));
}

/** @throws InvalidOptionError that names the field. */
export function parseSweep(value: unknown): SweepFile {
  const result = sweepSchema.safeParse(value);
  if (!result.success) throw invalidField(value, result.error, "docs/sweeps.md");
  const { axes, seeds } = result.data;
  for (const [axis, options] of Object.entries(axes)) {
    if (Object.keys(options).length === 0) {
      throw new InvalidOptionError({
        option: `axes.${axis}`,
        expected: "an object with at least one option",
        received: options,
      });
    }
  }
  const rows = Object.values(axes).reduce((count, options) => count * Object.keys(options).length, 1);
  if (rows * seeds.length > mostNetworks) {
    throw new InvalidOptionError({
      option: "axes",
      expected: `axes and seeds of at most ${mostNetworks} combinations`,
      received: rows * seeds.length,
    });
  }
  if (new Set(seeds).size < seeds.length) {
    throw new InvalidOptionError({ option: "seeds", expected: "different numbers", received: seeds });
  }
  return result.data;
}
