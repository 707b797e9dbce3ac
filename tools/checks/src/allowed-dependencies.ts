import type { WorkspacePackage } from "./workspace-packages.js";

/** What both the core and the plugins may build on; these know the spec and each other. */
const foundations = ["@blockwise/random", "@blockwise/safetensors", "@blockwise/layers", "@blockwise/loader"];

/** Compiled code for one package, which uses it where it is installed. */
const compiledFor: ReadonlyMap<string, string> = new Map([["@blockwise/engine-native", "@blockwise/engine"]]);

/** What a package's tests may use besides, without becoming part of what its users install. */
const forTests = ["@blockwise/testing", "@blockwise/engine"];

/**
 * Whether a package may depend on another one of this workspace. Dependencies go one way: the spec, then the
 * foundations, then the core and the plugins side by side (neither knows the other), then apps and tools.
 */
export function mayDepend(
  from: WorkspacePackage,
  to: WorkspacePackage,
  kind: "dependencies" | "devDependencies",
): boolean {
  if (to.group === "apps") return false;
  if (from.group !== "packages") return true;
  const dev = kind === "devDependencies";
  // The live page is drawn as the report is; neither is a plugin.
  if (from.manifest.name === "@blockwise/watch" && to.manifest.name === "@blockwise/report") return true;
  // Its tests open the page with a real model.
  if (from.manifest.name === "@blockwise/demo" && to.manifest.name === "@blockwise/tfjs") return dev;
  if (to.group === "tools") return dev;
  const target = to.manifest.name;
  if (from.manifest.name === "@blockwise/spec") return dev && forTests.includes(target);
  if (target === "@blockwise/spec" || foundations.includes(target)) return true;
  if (compiledFor.get(target) === from.manifest.name) return true;
  // The core's tests train real networks with real plugins.
  if (from.manifest.name === "@blockwise/core") return dev;
  return dev && forTests.includes(target);
}
