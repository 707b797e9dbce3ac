import { readFile } from "node:fs/promises";
import { InvalidOptionError, StorageError } from "@blockwise/spec";
import type { z } from "zod";
import { type PresetName, presets } from "./presets.js";
import { type ResolvedConfig, type RunConfig, runConfigSchema } from "./schema.js";

/** Part of a configuration, at any depth. */
export type PartialConfig = { readonly [Key in keyof RunConfig]?: unknown };

/**
 * A preset, with a file's and then the flags' fields put over it, checked.
 *
 * @throws InvalidOptionError that names the field; StorageError when the file cannot be read.
 */
export async function loadConfig(request: {
  readonly preset: PresetName;
  readonly file: string | null;
  readonly flags: PartialConfig;
}): Promise<RunConfig> {
  const fromFile = request.file === null ? {} : await readJson(request.file);
  return checkConfig(merge(merge(presets[request.preset], fromFile), request.flags));
}

/** Reads the configuration that a run keeps. @throws InvalidOptionError, StorageError */
export async function readResolvedConfig(file: string): Promise<ResolvedConfig> {
  const config = checkConfig(await readJson(file));
  const { imageSize } = config.data;
  const { flip } = config.augmentation;
  if (imageSize !== "auto" && flip !== "auto") {
    return { ...config, data: { ...config.data, imageSize }, augmentation: { ...config.augmentation, flip } };
  }
  throw new InvalidOptionError({
    option: imageSize === "auto" ? "data.imageSize" : "augmentation.flip",
    expected: `settled in ${file}, which a run has written`,
    received: "auto",
  });
}

/** @throws InvalidOptionError that names the first field that is wrong. */
export function checkConfig(value: unknown): RunConfig {
  const result = runConfigSchema.safeParse(value);
  if (result.success) return result.data;
  throw toInvalidOption(value, result.error);
}

function toInvalidOption(value: unknown, { issues }: z.ZodError): InvalidOptionError {
  const [issue] = issues;
  const path = issue?.path ?? [];
  if (issue?.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    return new InvalidOptionError({
      option: [...path, key].join("."),
      expected: "absent: there is no such option",
      received: valueAt(value, [...path, key]),
      hint: "Check its spelling against docs/configuration.md.",
    });
  }
  return new InvalidOptionError({
    option: path.join(".") || "configuration",
    expected: `valid (${issue?.message ?? "it is not"})`,
    received: valueAt(value, path),
  });
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (current, key) => (isRecord(current) ? current[key as string] : undefined),
    value,
  );
}

async function readJson(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new StorageError(
      `The configuration ${file} cannot be read: ${cause instanceof Error ? cause.message : cause}.`,
      { path: file },
      { cause },
    );
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidOptionError({ option: "config", expected: `a file of JSON`, received: file }, { cause });
  }
}

/** Puts `over` on `base`, field by field; lists, and objects that say another `kind`, replace what stood there. */
function merge(base: unknown, over: unknown): unknown {
  if (over === undefined) return base;
  if (!isRecord(base) || !isRecord(over)) return over;
  if (over.kind !== undefined && over.kind !== base.kind) return over;
  const entries = Object.entries(over).map(([key, value]) => [key, merge(base[key], value)]);
  return { ...base, ...Object.fromEntries(entries) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
