import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { resolveCacheFolder } from "@blockwise/data";
import { EngineUnavailableError } from "@blockwise/spec";

const PACKAGES = ["torch", "torchvision", "numpy"] as const;

/**
 * Pythons with PyTorch and torchvision: those that are named, else the one in the variable `PYTHON`, else one that is made
 * in the cache folder, once, with the newest releases that pip installs.
 *
 * @throws EngineUnavailableError where one has no PyTorch, or none can be made.
 */
export function findPythons(
  named: readonly string[],
  note: (line: string) => void,
): readonly [string, ...string[]] {
  const [first, ...others] = named;
  if (first !== undefined) return [check(first), ...others.map(check)];
  const { PYTHON } = process.env;
  return [PYTHON ? check(PYTHON) : makeEnvironment(note)];
}

function check(python: string): string {
  const { status, stderr, error } = spawnSync(python, ["-c", "import torch, torchvision"], TEXT);
  if (status === 0) return python;
  throw new EngineUnavailableError(
    `${python} has no torch and torchvision to compare with; without --python and the variable PYTHON, an environment with both is made in the cache folder.\n${lastLine(stderr ?? error?.message ?? "")}`,
    { engine: "torch" },
  );
}

function makeEnvironment(note: (line: string) => void): string {
  const folder = join(resolveCacheFolder(), "bench", "python");
  const python = join(folder, "bin", "python");
  if (existsSync(python) && spawnSync(python, ["-c", "import torch, torchvision"]).status === 0)
    return python;
  note(`Making a Python environment with ${PACKAGES.join(", ")} in ${folder} (some GB, once).`);
  run("python3", ["-m", "venv", folder]);
  run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...PACKAGES]);
  return check(python);
}

function run(command: string, words: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, words, TEXT);
  if (status === 0) return;
  throw new EngineUnavailableError(
    `No Python environment for PyTorch can be made: \`${command} ${words.join(" ")}\` failed. Name a Python that has torch and torchvision by --python or the variable PYTHON.\n${lastLine(stderr ?? error?.message ?? "")}`,
    { engine: "torch" },
  );
}

const TEXT = { encoding: "utf8" } as const;

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
