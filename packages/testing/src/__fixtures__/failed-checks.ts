import type { PluginCheck } from "../plugin/plugin-check.js";

/** The names of the checks that a subject fails, and what each says. */
export async function failedChecks<Subject>(
  checks: readonly PluginCheck<Subject>[],
  subject: Subject,
): Promise<Readonly<Record<string, string>>> {
  const failed: Record<string, string> = {};
  for (const { name, run } of checks) {
    try {
      await run(subject);
    } catch (error) {
      failed[name] = error instanceof Error ? error.message : String(error);
    }
  }
  return failed;
}
