import { stat } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  type AugmentationV1,
  type BackboneV1,
  BlockwiseError,
  type DataSourceV1,
  type EvaluatorV1,
  type HeadV1,
  IncompatibleSpecVersionError,
  InvalidOptionError,
  type JsonObject,
  type LocalLossV1,
  type OptimizerV1,
  type ProjectorV1,
  type ScheduleV1,
} from "@blockwise/spec";
import { resolve } from "import-meta-resolve";
import type { PackageConfig } from "../../config/sections/package.js";

/** The kinds of plugin that a configuration can name a package for. */
interface NamedPlugins {
  readonly augmentation: AugmentationV1;
  readonly backbone: BackboneV1;
  readonly "data-source": DataSourceV1;
  readonly evaluator: EvaluatorV1;
  readonly head: HeadV1;
  readonly "local-loss": LocalLossV1;
  readonly optimizer: OptimizerV1;
  readonly projector: ProjectorV1;
  readonly schedule: ScheduleV1;
}

type Factory = (options: JsonObject) => unknown;

/** What a configuration asks for, and where. */
export interface PackageRequest<Kind extends keyof NamedPlugins> {
  readonly kind: Kind;
  /** The configuration's field, for errors: `"loss"`. */
  readonly field: string;
  readonly choice: Pick<PackageConfig, "export" | "options" | "package"> | string;
  /** Options that the run settles, besides those of the configuration. */
  readonly settled?: JsonObject;
}

/**
 * Imports a package or file, as a module in the working directory would, and makes its plugin.
 *
 * @throws InvalidOptionError where it cannot be found or imported, exports no such factory, or the factory fails;
 *   IncompatibleSpecVersionError where what it makes is no plugin of that kind; what the factory throws on purpose.
 */
export async function pluginFromPackage<Kind extends keyof NamedPlugins>({
  kind,
  field,
  choice,
  settled = {},
}: PackageRequest<Kind>): Promise<NamedPlugins[Kind]> {
  const asked = typeof choice === "string" ? { package: choice } : choice;
  const module = await importModule(field, asked.package);
  const factory = chooseFactory(field, asked, module);
  const place = { field, name: asked.package };
  const plugin = await callFactory(place, () => factory({ ...asked.options, ...settled }));
  requireKind(kind, asked.package, plugin);
  requireKnownOptions(place, asked.options ?? {}, plugin as NamedPlugins[Kind]);
  return plugin as NamedPlugins[Kind];
}

/** Which package, and the field that names it. */
interface PackagePlace {
  readonly field: string;
  readonly name: string;
}

async function importModule(field: string, name: string): Promise<Readonly<Record<string, unknown>>> {
  const isFile = /^([./]|file:|[A-Za-z]:[\\/])/.test(name);
  const folder = pathToFileURL(`${process.cwd()}/`).href;
  const refuse = (hint: string, cause: unknown): InvalidOptionError =>
    new InvalidOptionError(
      {
        option: `${field}.package`,
        expected: `a package or file that can be imported from ${process.cwd()}`,
        received: name,
        hint,
      },
      { cause },
    );
  let url: string;
  // Node itself resolves a package only for the module that asks; as `require` does, it would miss packages of modules.
  try {
    url = isFile
      ? new URL(/^[A-Za-z]:/.test(name) ? pathToFileURL(name) : name, folder).href
      : resolve(name, folder);
  } catch (cause) {
    throw refuse(`It was not found (${reasonOf(cause)}). Install it there: npm install ${name}`, cause);
  }
  // A configuration names code, it never is code: no `data:` URLs, no addresses, nothing of Node itself.
  if (!url.startsWith("file:")) throw refuse("It is neither a package nor a file.", undefined);
  if (isFile && !(await isRegularFile(url))) throw refuse("There is no such file.", undefined);
  try {
    return await import(url);
  } catch (cause) {
    throw refuse(`Importing it failed: ${reasonOf(cause)}.`, cause);
  }
}

/** Not a folder, and no device, of which Node would read without end. */
async function isRegularFile(url: string): Promise<boolean> {
  try {
    return (await stat(fileURLToPath(url))).isFile();
  } catch {
    return false;
  }
}

function chooseFactory(
  field: string,
  asked: Pick<PackageConfig, "export" | "package">,
  module: Readonly<Record<string, unknown>>,
): Factory {
  const factories = Object.keys(module).filter((name) => typeof module[name] === "function");
  const wanted = asked.export ?? (factories.length === 1 ? factories[0] : undefined);
  const factory = wanted === undefined ? undefined : module[wanted];
  if (typeof factory === "function") return factory as Factory;
  throw new InvalidOptionError({
    option: `${field}.export`,
    expected: `the name of a function that "${asked.package}" exports`,
    received: asked.export,
    hint:
      factories.length === 0
        ? "It exports no function, so it is no plugin package."
        : `It exports ${factories.join(", ")}.`,
  });
}

async function callFactory({ field, name }: PackagePlace, make: () => unknown): Promise<unknown> {
  try {
    return await make();
  } catch (cause) {
    if (isInvalidOption(cause)) throw placed(field, cause);
    if (BlockwiseError.isInstance(cause)) throw cause;
    throw new InvalidOptionError(
      {
        option: field,
        expected: "a package whose factory takes these options",
        received: name,
        hint: `It failed: ${reasonOf(cause)}.`,
      },
      { cause },
    );
  }
}

function isInvalidOption(error: unknown): error is InvalidOptionError {
  return BlockwiseError.isInstance(error) && error.code === "BLOCKWISE_INVALID_OPTION";
}

/** A factory's refusal, by the name that the option has in the configuration. */
function placed(field: string, cause: InvalidOptionError): InvalidOptionError {
  const { option, expected, received, message } = cause;
  const plain = new InvalidOptionError({ option, expected, received }).message;
  const hint = message.startsWith(plain) ? message.slice(plain.length).trim() : "";
  const fields = { option: `${field}.options.${option}`, expected, received };
  return new InvalidOptionError(hint === "" ? fields : { ...fields, hint }, { cause });
}

/** A plugin states all options that are in force: one that it does not state was misspelt. */
function requireKnownOptions({ field, name }: PackagePlace, asked: JsonObject, plugin: PluginOptions): void {
  const known = Object.keys(plugin.options ?? {});
  const unknown = Object.keys(asked).find((option) => !known.includes(option));
  if (unknown === undefined) return;
  throw new InvalidOptionError({
    option: `${field}.options.${unknown}`,
    expected: "absent (there is no such option)",
    received: asked[unknown],
    hint: `"${name}" takes ${known.length === 0 ? "none" : known.join(", ")}.`,
  });
}

/** Of a plugin that nobody has checked yet. */
interface PluginOptions {
  readonly options?: JsonObject;
}

function requireKind(kind: string, name: string, value: unknown): void {
  const plugin = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  if (plugin.kind === kind && plugin.specificationVersion === "v1") return;
  const made =
    typeof plugin.kind === "string"
      ? `${plugin.kind} ${String(plugin.specificationVersion)}`
      : `no plugin but ${value === null ? "null" : `a value of type ${typeof value}`}`;
  throw new IncompatibleSpecVersionError({ expected: `${kind} v1`, received: `${made}, from "${name}"` });
}

function reasonOf(error: unknown): string {
  const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  return line.replace(/\.$/, "");
}
