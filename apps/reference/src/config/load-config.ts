import { isDeepStrictEqual } from "node:util";
import { InvalidOptionError } from "@blockwise/spec";
import { type PresetName, presets } from "../presets/presets.js";
import { invalidField } from "./invalid-field.js";
import { readConfigFile } from "./read-config-file.js";
import { type ResolvedConfig, type RunConfig, runConfigSchema } from "./schema.js";
import { isBalanced } from "./sections/partition.js";

/** Part of a configuration, at any depth. */
export type PartialConfig = { readonly [Key in keyof RunConfig]?: unknown };

/** What a command line says about the configuration. */
export interface ConfigRequest {
  /** Null where none was named. */
  readonly preset: PresetName | null;
  readonly file: string | null;
  readonly flags: PartialConfig;
}

/**
 * A preset (`quick` where none is named), with a file's and then the flags' fields put over it, checked.
 *
 * @throws InvalidOptionError that names the field; StorageError when the file cannot be read.
 */
export async function loadConfig({ preset, file, flags }: ConfigRequest): Promise<RunConfig> {
  const fromFile = file === null ? {} : await readConfigFile(file);
  return checkConfig(mergeConfigs(mergeConfigs(presets[preset ?? "quick"], fromFile), flags));
}

/**
 * The configuration that a run keeps, to go on with it, with as many threads for blocks or parts of a batch as the command
 * line asks for: they change no number but for rounding.
 *
 * @throws InvalidOptionError when the command line asks for something else; InvalidOptionError, StorageError as
 * `readResolvedConfig`.
 */
export async function resumeConfig(
  file: string,
  { preset, file: askedFile, flags }: ConfigRequest,
): Promise<ResolvedConfig> {
  const kept = await readResolvedConfig(file);
  const fromFile = askedFile === null ? {} : await readConfigFile(askedFile);
  const over = mergeConfigs(fromFile, flags);
  const asked = mergeConfigs(preset === null ? {} : presets[preset], over);
  const threads = (from: Parameters<typeof pickField>[0]) => ({
    ...pickField(from, "blockWorkers"),
    ...pickField(from, "batchWorkers"),
  });
  const { blockWorkers, batchWorkers } = checkConfig({ ...kept, ...threads(over) });
  requireSame(asked, isRecord(asked) ? { ...kept, ...threads(asked) } : kept, []);
  return { ...kept, blockWorkers, batchWorkers };
}

/**
 * The configuration that a run keeps, with the `evaluation` fields of a file put over it, to judge it in another way.
 *
 * @throws InvalidOptionError for a file with other fields; InvalidOptionError, StorageError as `loadConfig`.
 */
export async function changeEvaluation(kept: ResolvedConfig, file: string): Promise<ResolvedConfig> {
  const fromFile = await readConfigFile(file);
  const other = Object.keys(fromFile).find((field) => field !== "evaluation");
  if (other !== undefined) {
    throw new InvalidOptionError({
      option: "config",
      expected:
        "a file of the field evaluation alone, since the run's other fields are what it was trained with",
      received: other,
    });
  }
  const { evaluation } = checkConfig(mergeConfigs(kept, fromFile));
  return { ...kept, evaluation };
}

/** Fields that configurations have gained, each with what runs did before there was the field. */
const beforeTheField: PartialConfig = {
  blockWorkers: null,
  batchWorkers: null,
  watch: null,
  tensorboard: false,
};

/**
 * Reads the configuration that a run keeps; one that an older version has written may lack fields that came later.
 *
 * @throws InvalidOptionError, StorageError
 */
export async function readResolvedConfig(file: string): Promise<ResolvedConfig> {
  const config = checkConfig({ ...beforeTheField, ...(await readConfigFile(file)) });
  const { partition } = config;
  const { imageSize } = config.data;
  const { flip } = config.augmentation;
  const open = (option: string, received: unknown): InvalidOptionError =>
    new InvalidOptionError({ option, expected: `settled in ${file}, which a run has written`, received });
  if (imageSize === "auto") throw open("data.imageSize", imageSize);
  if (flip === "auto") throw open("augmentation.flip", flip);
  if (isBalanced(partition)) throw open("partition", partition);
  return {
    ...config,
    partition,
    data: { ...config.data, imageSize },
    augmentation: { ...config.augmentation, flip },
  };
}

/** @throws InvalidOptionError that names the first field that is wrong. */
export function checkConfig(value: unknown): RunConfig {
  const result = runConfigSchema.safeParse(value);
  if (result.success) return result.data;
  throw invalidField(value, result.error);
}

/** What is left open ("auto", or a balanced partition) agrees with whatever it was settled to. */
function requireSame(asked: unknown, kept: unknown, path: readonly string[]): void {
  if (asked === undefined || asked === "auto" || isDeepStrictEqual(asked, kept)) return;
  if (isRecord(asked) && asked.balance !== undefined && Array.isArray(kept) && kept.length === asked.blocks) {
    return;
  }
  if (isRecord(asked) && isRecord(kept)) {
    for (const [key, value] of Object.entries(asked)) {
      // A size that is left open enlarges, whatever else is said.
      if (key === "enlarge" && asked.imageSize === "auto") continue;
      requireSame(value, kept[key], [...path, key]);
    }
    return;
  }
  throw new InvalidOptionError({
    option: path.join("."),
    expected: `${JSON.stringify(kept) ?? "absent"}, as in the run that is to go on`,
    received: asked,
    hint: "Leave it out, or start anew in another folder without --resume.",
  });
}

/**
 * Puts `over` on `base`, field by field; lists, objects that say another `kind`, and what is chosen block by block on
 * either side replace what stood there.
 */
export function mergeConfigs(base: unknown, over: unknown): unknown {
  if (over === undefined) return base;
  if (!isRecord(base) || !isRecord(over)) return over;
  if (over.kind !== undefined && over.kind !== base.kind) return over;
  if (over.perBlock !== undefined || base.perBlock !== undefined) return over;
  const entries = Object.entries(over).map(([key, value]) => [key, mergeConfigs(base[key], value)]);
  return { ...base, ...Object.fromEntries(entries) };
}

/** The field of a configuration where it says anything there. */
function pickField(config: unknown, field: keyof RunConfig): Readonly<Record<string, unknown>> {
  return isRecord(config) && config[field] !== undefined ? { [field]: config[field] } : {};
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
