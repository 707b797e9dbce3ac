/**
 * Makes a clone ready to run: installs what is missing, builds what has changed, and costs next to nothing
 * when there is nothing to do. It needs Node, npm and the npm registry, and only the first of them once
 * everything is there. It prints to stderr alone, since the commands that follow print JSON to stdout.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildInputs, buildOutputs, installInputs } from "./fingerprint.mjs";
import { withLock } from "./lock.mjs";
import { checkNodeVersion } from "./node-version.mjs";
import { PhaseError, runPhase } from "./run-phase.mjs";
import { readStamp, writeStamp } from "./stamp.mjs";
import { readManifest } from "./workspace.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const stampFolder = join(root, "node_modules", ".cache", "blockwise");
const installedStamp = join(stampFolder, "installed.json");
const builtStamp = join(stampFolder, "built.json");

/** pnpm in the one version that `package.json` names, through npx: nothing needs to be installed globally. */
function pnpm(packageManager, ...args) {
  return ["npx", "--yes", "--prefer-offline", packageManager, ...args];
}

function isInstalled() {
  return readStamp(installedStamp)?.inputs === installInputs(root);
}

function isBuilt() {
  const stamp = readStamp(builtStamp);
  return stamp?.inputs === buildInputs(root) && stamp.outputs === buildOutputs(root);
}

async function install(packageManager) {
  const inputs = installInputs(root);
  rmSync(installedStamp, { force: true });
  await runPhase({
    title: `Installing packages (${packageManager})`,
    command: pnpm(
      packageManager,
      "install",
      "--frozen-lockfile",
      "--prefer-offline",
      "--config.confirmModulesPurge=false",
    ),
    root,
    advice: [
      [
        /ERR_PNPM_OUTDATED_LOCKFILE/,
        `pnpm-lock.yaml does not match the package.json files. Run "npx ${packageManager} install" and commit pnpm-lock.yaml.`,
      ],
      [
        /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_PNPM_META_FETCH_FAIL|ERR_PNPM_FETCH/,
        'The npm registry did not answer. Check the network, the proxy settings and "npm config get registry", then run the command again.',
      ],
      [/ENOSPC/, "The disk is full. Free about 1 GB, then run the command again."],
      [/EACCES|EPERM|EROFS/, "A folder may not be written to. Check who owns this folder and npm's cache."],
    ],
    fallbackAdvice: "Remove the node_modules folders and run the command again.",
  });
  writeStamp(installedStamp, { inputs });
}

async function build(packageManager) {
  const inputs = buildInputs(root);
  rmSync(builtStamp, { force: true });
  await runPhase({
    title: "Building what has changed",
    // turbo starts each package's script through pnpm, so it has to run where pnpm is on the path.
    command: pnpm(packageManager, "exec", "turbo", "run", "build", "--output-logs=errors-only"),
    root,
    advice: [
      [/ENOSPC/, "The disk is full. Free about 1 GB, then run the command again."],
      [/error TS\d+/, "The sources do not compile: correct the errors above, then run the command again."],
    ],
    fallbackAdvice:
      "Correct the errors above. If the sources are untouched, remove node_modules and .turbo and run the command again.",
  });
  writeStamp(builtStamp, { inputs, outputs: buildOutputs(root) });
}

async function prepare() {
  const manifest = readManifest(root);
  checkNodeVersion(manifest.engines.node);
  if (isInstalled() && isBuilt()) return;
  await withLock(join(root, ".turbo", "prepare.lock"), async () => {
    // Asked again: whoever held the lock before may have done the work.
    if (!isInstalled()) await install(manifest.packageManager);
    if (!isBuilt()) await build(manifest.packageManager);
  });
}

try {
  await prepare();
} catch (error) {
  process.stderr.write(`${error instanceof PhaseError ? error.message : (error?.stack ?? error)}\n`);
  process.exitCode = 1;
}
