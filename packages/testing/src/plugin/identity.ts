import { isDeepStrictEqual } from "node:util";
import type { PluginKind, PluginV1 } from "@blockwise/spec";
import { ensure } from "../ensure.js";
import type { PluginFactory } from "./plugin-factory.js";

/** Throws unless a plugin states the version, the kind and a name as the specification asks. */
export function ensureIdentity(plugin: PluginV1<PluginKind>, kind: PluginKind): void {
  ensure(plugin.specificationVersion === "v1", `specificationVersion is ${plugin.specificationVersion}`);
  ensure(plugin.kind === kind, `kind is ${plugin.kind}`);
  ensure(/^[a-z0-9]+(-[a-z0-9]+)*$/.test(plugin.id), `id "${plugin.id}" is not kebab-case`);
}

/** Throws unless the options of a plugin are as they were after JSON. */
export function ensureJsonOptions({ options }: PluginV1<PluginKind>): void {
  const restored: unknown = JSON.parse(JSON.stringify(options));
  ensure(isDeepStrictEqual(restored, options), `the options do not survive JSON: ${JSON.stringify(options)}`);
}

/**
 * The plugin that a factory makes from the options of what it made, after JSON.
 *
 * @throws Error where its options are others, or lack one that it was made from.
 */
export async function makeAgain<Options, Plugin extends PluginV1<PluginKind>>(
  { create, options }: Pick<PluginFactory<Options, Plugin>, "create" | "options">,
  plugin: Plugin,
): Promise<Plugin> {
  ensureJsonOptions(plugin);
  const lost = Object.keys(options ?? {}).find((option) => !(option in plugin.options));
  ensure(lost === undefined, `the option "${lost}", which it was made from, is not among its options`);
  const restored: Options = JSON.parse(JSON.stringify(plugin.options));
  const again = await create(restored);
  const [first, second] = [plugin.options, again.options].map((options) => JSON.stringify(options));
  ensure(
    isDeepStrictEqual(again.options, plugin.options),
    `made again from its options ${first}, the plugin has the options ${second}`,
  );
  return again;
}
