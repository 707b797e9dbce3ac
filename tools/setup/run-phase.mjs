import { spawn } from "node:child_process";

/** A failure whose message says all that its reader needs; no stack is shown. */
export class PhaseError extends Error {}

/**
 * Runs a command with one line on stderr: its title and, once it is done, its time. Its output is shown only
 * when it fails, followed by what to do.
 *
 * @param {object} phase
 * @param {string} phase.title
 * @param {string[]} phase.command
 * @param {string} phase.root
 * @param {[RegExp, string][]} phase.advice what to do, by what the output says; the first match counts
 * @param {string} phase.fallbackAdvice what to do otherwise
 */
export async function runPhase({ title, command, root, advice, fallbackAdvice }) {
  const started = performance.now();
  process.stderr.write(`${title} ... `);
  const { code, output } = await capture(command, root);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (code === 0) {
    process.stderr.write(`${seconds} s\n`);
    return;
  }
  process.stderr.write(`failed after ${seconds} s\n\n${output.trimEnd()}\n\n`);
  const [, hint] = advice.find(([pattern]) => pattern.test(output)) ?? [undefined, fallbackAdvice];
  throw new PhaseError(`"${command.join(" ")}" failed (${code}). ${hint}`);
}

/** @returns {Promise<{ code: number | string, output: string }>} */
function capture([program, ...args], root) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      env: {
        ...process.env,
        // npm's warnings about its own settings are nothing the user can act on here; errors still show.
        npm_config_loglevel: "error",
        npm_config_update_notifier: "false",
        TURBO_TELEMETRY_DISABLED: "1",
        TURBO_NO_UPDATE_NOTIFIER: "1",
        DO_NOT_TRACK: "1",
      },
      stdio: ["ignore", "pipe", "pipe"],
      // On Windows npx is a script, which only a shell can start.
      shell: process.platform === "win32",
    });
    let output = "";
    const collect = (chunk) => {
      output += chunk;
    };
    child.stdout.setEncoding("utf8").on("data", collect);
    child.stderr.setEncoding("utf8").on("data", collect);
    child.on("error", (error) =>
      resolve({ code: error.code ?? "not started", output: `${output}${error.message}` }),
    );
    child.on("close", (code, signal) => resolve({ code: code ?? signal, output }));
  });
}
