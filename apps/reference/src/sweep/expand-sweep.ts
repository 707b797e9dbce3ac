import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { InvalidOptionError } from "@blockwise/spec";
import { checkConfig, mergeConfigs, type PartialConfig } from "../config/load-config.js";
import type { RunConfig } from "../config/schema.js";
import { isPerBlock } from "../config/sections/per-block.js";
import { type ControlName, controls } from "../experiment/controls.js";
import { presets } from "../presets/presets.js";
import type { SweepFile } from "./sweep-file.js";

/** One network that a sweep needs; rows that ask for the same one share it. */
export interface SweepNetwork {
  /** The folder's name: readable, and different for different configurations. */
  readonly folder: string;
  readonly config: RunConfig;
}

/** One combination of options, with the networks of every seed. */
export interface SweepRow {
  readonly name: string;
  readonly options: Readonly<Record<string, string>>;
  readonly networks: readonly SweepNetwork[];
  readonly controls: Readonly<Partial<Record<ControlName, readonly SweepNetwork[]>>>;
}

/** All that a sweep is to do. */
export interface SweepPlan {
  readonly rows: readonly SweepRow[];
  /** Every network once, in the order of the rows, controls behind. */
  readonly networks: readonly SweepNetwork[];
}

/**
 * Every combination of the axes' options, with every seed, and the controls of each. Flags go over everything.
 *
 * @throws InvalidOptionError that names the row and the field.
 */
export function expandSweep(sweep: SweepFile, flags: PartialConfig): SweepPlan {
  const byKey = new Map<string, SweepNetwork>();
  const network = (label: string, config: RunConfig): SweepNetwork => {
    const key = createHash("sha256").update(canonical(config)).digest("hex");
    const known = byKey.get(key);
    if (known !== undefined) return known;
    const added = { folder: `${slug(label)}-${key.slice(0, 8)}`, config };
    byKey.set(key, added);
    return added;
  };
  const combinations = combine(Object.entries(sweep.axes));
  const base = (seed: number): RunConfig => configOf(sweep, "what all rows have in common", [], seed, flags);
  const configured = combinations.map(({ options, changes }) => {
    const name = Object.values(options).join(", ") || sweep.title;
    return { name, options, configs: sweep.seeds.map((seed) => configOf(sweep, name, changes, seed, flags)) };
  });
  const own = configured.map(({ name, options, configs }) => ({
    name,
    options,
    configs,
    networks: configs.map((config) => network(`${name} seed ${config.seed}`, config)),
  }));
  const rows = own.map(({ name, options, configs, networks }) => ({
    name,
    options,
    networks,
    controls: Object.fromEntries(
      sweep.controls.map((control) => [
        control,
        configs.map((config) =>
          network(`${control} of ${name} seed ${config.seed}`, controlOf(control, config, base(config.seed))),
        ),
      ]),
    ),
  }));
  return { rows, networks: [...byKey.values()] };
}

/**
 * What trains a network, and into which blocks it is cut, leaves no trace in random weights: rows that differ in that alone
 * share that control.
 */
function controlOf(control: ControlName, config: RunConfig, base: RunConfig): RunConfig {
  const changed = controls[control](config);
  if (control !== "random") return changed;
  const { projector, loss, noise, optimizer, schedule, frozenOutputs } = base;
  const sameUnits = !isPerBlock(config.head) && isDeepStrictEqual(config.network, base.network);
  if (!sameUnits) return changed;
  const { partition } = base;
  return { ...changed, partition, projector, loss, noise, optimizer, schedule, frozenOutputs };
}

interface Combination {
  readonly options: Readonly<Record<string, string>>;
  readonly changes: readonly PartialConfig[];
}

function combine(
  axes: readonly (readonly [string, Readonly<Record<string, PartialConfig>>])[],
): Combination[] {
  return axes.reduce<Combination[]>(
    (combinations, [axis, choices]) =>
      combinations.flatMap(({ options, changes }) =>
        Object.entries(choices).map(([option, change]) => ({
          options: { ...options, [axis]: option },
          changes: [...changes, change],
        })),
      ),
    [{ options: {}, changes: [] }],
  );
}

function configOf(
  sweep: SweepFile,
  row: string,
  changes: readonly PartialConfig[],
  seed: number,
  flags: PartialConfig,
): RunConfig {
  const parts: readonly unknown[] = [presets[sweep.preset], sweep.config, ...changes, flags, { seed }];
  try {
    return checkConfig(parts.reduce(mergeConfigs));
  } catch (error) {
    if (!(error instanceof InvalidOptionError)) throw error;
    const { option, expected, received } = error;
    throw new InvalidOptionError(
      { option, expected, received, hint: `This is in the row "${row}". See docs/configuration.md.` },
      { cause: error },
    );
  }
}

/** JSON with all keys in order: the same text for the same configuration, however it was put together. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** A name as part of a path: letters, digits and hyphens. */
function slug(name: string): string {
  return name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 60);
}
