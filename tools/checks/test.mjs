/**
 * What `npm test` runs: type check, lint, the search for unused files, exports and dependencies, the completeness of the
 * reference, the tests, and each package packed and used from an empty project.
 * Arguments go to vitest, which then runs alone: `npm test -- packages/core -t resume`.
 *
 * The last line on stdout is `N passed, N failed`, with `, N skipped` where tests were skipped (each is named).
 */
import { fileURLToPath } from "node:url";
import { packedChecks } from "./packed/packed-checks.mjs";
import { runCommand } from "./run-command.mjs";
import { runVitest } from "./run-vitest.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const vitestArguments = process.argv.slice(2);

/** A check that is a command: passed when it ends with 0; its output is shown when it does not. */
function command(program, ...args) {
  return async () => {
    const { code, output } = await runCommand([program, ...args], { cwd: root });
    return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: [], output };
  };
}

const tests = { title: "tests", run: () => runVitest(root, vitestArguments) };
const checks =
  vitestArguments.length > 0
    ? [tests]
    : [
        { title: "type check", run: command("tsc", "-p", "tsconfig.json") },
        { title: "lint", run: command("biome", "check", "--error-on-warnings", ".") },
        { title: "nothing unused", run: command("knip", "--no-config-hints") },
        { title: "reference", run: command(process.execPath, "tools/api/check.mjs") },
        tests,
        { title: "docs site", run: command(process.execPath, "apps/docs/build.mjs") },
        ...packedChecks(root),
      ];

const total = { passed: 0, failed: 0, skipped: [] };
const report = [];
for (const { title, run } of checks) {
  const started = performance.now();
  const result = await run().catch((error) => ({
    passed: 0,
    failed: 1,
    skipped: [],
    output: error.stack ?? String(error),
  }));
  if (result.failed > 0 && result.output) process.stdout.write(`\n${result.output.trimEnd()}\n`);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const line = `${result.failed > 0 ? "FAILED" : "ok    "} ${title}: ${count(result)} (${seconds} s)`;
  process.stdout.write(`${line}\n`);
  report.push(line);
  total.passed += result.passed;
  total.failed += result.failed;
  total.skipped.push(...result.skipped);
}

process.stdout.write(`\n${report.join("\n")}\n`);
for (const name of total.skipped) process.stdout.write(`SKIPPED ${name}\n`);
process.stdout.write(`${count(total)}\n`);
process.exitCode = total.failed > 0 ? 1 : 0;

function count({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`;
}
