import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "./run-command.mjs";

/**
 * Runs the tests and counts them. A file that cannot be loaded counts as one failure, and so does a run that
 * crashes, that leaves an unhandled error, or in which no test ran.
 *
 * @param {string} root
 * @param {string[]} args what vitest is told besides
 */
export async function runVitest(root, args) {
  const folder = mkdtempSync(join(tmpdir(), "blockwise-tests-"));
  const file = join(folder, "results.json");
  try {
    const { code } = await runCommand(
      ["vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`, ...args],
      { cwd: root, live: true },
    );
    return summarize(readResults(file), code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readResults(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * Counts what vitest's JSON reporter wrote.
 *
 * @param {{ testResults: { name: string, status: string, assertionResults: { status: string, fullName: string }[] }[] } | undefined} results undefined when there is none
 * @param {number | string} code how vitest ended
 */
export function summarize(results, code) {
  if (results === undefined) {
    return { passed: 0, failed: 1, skipped: [], output: `vitest ended with ${code} and wrote no results.` };
  }
  const cases = results.testResults.flatMap((file) => file.assertionResults);
  const passed = cases.filter(({ status }) => status === "passed").length;
  const failedCases = cases.filter(({ status }) => status === "failed").length;
  const brokenFiles = results.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((result) => result.status === "failed"),
  );
  const skipped = cases
    .filter(({ status }) => status !== "passed" && status !== "failed")
    .map(({ fullName }) => fullName.trim());
  const failed = failedCases + brokenFiles.length;
  if (failed > 0) {
    const output = brokenFiles.map(({ name }) => `No result from ${name}: see above.`).join("\n");
    return { passed, failed, skipped, output };
  }
  if (passed === 0) return { passed, failed: 1, skipped, output: "No test ran." };
  if (code !== 0)
    return { passed, failed: 1, skipped, output: `All tests passed, but vitest ended with ${code}.` };
  return { passed, failed, skipped, output: "" };
}
