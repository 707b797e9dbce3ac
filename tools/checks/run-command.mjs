import { spawn } from "node:child_process";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";

const binaries = fileURLToPath(new URL("../../node_modules/.bin", import.meta.url));

/**
 * Runs a command, the workspace's own tools first on the path.
 *
 * @param {string[]} command
 * @param {object} options
 * @param {string} options.cwd
 * @param {Record<string, string>} [options.env] variables besides those of this process
 * @param {number} [options.seconds] ends it after so long
 * @param {boolean} [options.live] shows the output as it comes, and keeps none of it
 * @returns {Promise<{ code: number | string, stdout: string, output: string }>} `output` is both streams, in order
 */
export function runCommand([program, ...args], { cwd, env = {}, seconds, live = false }) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      env: {
        ...process.env,
        // npm's warnings about its own settings say nothing about what is checked.
        npm_config_loglevel: "error",
        ...env,
        PATH: `${binaries}${delimiter}${process.env.PATH}`,
      },
      stdio: live ? ["ignore", "inherit", "inherit"] : ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32",
      ...(seconds === undefined ? {} : { timeout: seconds * 1000, killSignal: "SIGKILL" }),
    });
    let stdout = "";
    let output = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk) => {
      stdout += chunk;
      output += chunk;
    });
    child.stderr?.setEncoding("utf8").on("data", (chunk) => {
      output += chunk;
    });
    child.on("error", (error) =>
      resolve({ code: error.code ?? "not started", stdout, output: error.message }),
    );
    child.on("close", (code, signal) => resolve({ code: code ?? signal, stdout, output }));
  });
}
