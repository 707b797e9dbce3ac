import { IncompatibleSpecVersionError, type PluginKind, specificationVersion } from "@blockwise/spec";

/**
 * Checks that a value is a plugin of the kind and version its place asks for.
 *
 * @throws IncompatibleSpecVersionError
 */
export function requirePlugin(value: unknown, kind: PluginKind): void {
  const plugin = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  if (plugin.kind === kind && plugin.specificationVersion === specificationVersion) return;
  const received =
    typeof plugin.kind === "string" ? `${plugin.kind} ${String(plugin.specificationVersion)}` : typeof value;
  throw new IncompatibleSpecVersionError({ expected: `${kind} ${specificationVersion}`, received });
}
