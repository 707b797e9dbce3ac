import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { EngineInstallError } from "@blockwise/spec";
import { fileChecksum, requireSha256 } from "./file-checksum.js";
import { findLibrary } from "./find-library.js";
import type { InstallContext, TensorFlowLibrary, UsedArchive } from "./install-context.js";
import type { PinnedWheels } from "./pinned-sources.js";
import { findProgram, runProgram } from "./run-program.js";
import { unpackWheel } from "./unpack-wheel.js";

/** The Python that is to run pip. @throws EngineInstallError (`python`) */
export async function requirePip({ environment, signal }: InstallContext): Promise<string> {
  const { PYTHON: named } = environment;
  const candidates = named ? [named] : ["python3", "python"];
  const python = await findProgram(candidates, ["-m", "pip", "--version"], { environment, signal });
  if (python !== null) return python;
  throw new EngineInstallError(
    `There is no Python with pip (${candidates.join(", ")}), by which TensorFlow's wheel is fetched: install it (Debian and ` +
      "Ubuntu: apt install python3-pip), name another one in the variable PYTHON, or download the wheel elsewhere and give it with --from.",
    { step: "python" },
  );
}

/** Fetches TensorFlow's wheels by pip, which is told their checksums, and takes the library out of them. */
export async function fetchWheels(
  context: InstallContext,
  python: string,
  pinned: PinnedWheels,
): Promise<TensorFlowLibrary> {
  const { staging, environment, signal } = context;
  const downloads = join(staging, "downloads", "wheels");
  const temporary = join(staging, "downloads", "tmp");
  await mkdir(downloads, { recursive: true });
  await mkdir(temporary, { recursive: true });
  const requirements = join(staging, "downloads", "requirements.txt");
  await writeFile(
    requirements,
    pinned.wheels
      .map(({ name, version, sha256 }) => `${name}==${version} --hash=sha256:${sha256}\n`)
      .join(""),
  );
  const names = pinned.wheels.map(({ name, version }) => `${name} ${version}`);
  context.note(
    `fetching ${names[0]}${names.length > 1 ? ` and ${names.length - 1} more wheels` : ""} by pip`,
  );
  const result = await runProgram(
    python,
    [
      ...["-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary=:all:", "--no-cache-dir"],
      ...["--progress-bar=off", "--disable-pip-version-check"],
      ...pinned.python.platforms.flatMap((platform) => ["--platform", platform]),
      ...["--implementation", "cp", "--python-version", pinned.python.version],
      ...["--abi", pinned.python.abi, "--abi", "abi3", "--abi", "none"],
      ...["--dest", downloads, "--requirement", requirements],
    ],
    // What pip unpacks on the way is to be on the disk whose space was looked at.
    { environment: { ...environment, TMPDIR: temporary }, signal },
  );
  if (result === null || result.code !== 0) throw pipFailure(result?.lastLines ?? "", names);
  const archives: UsedArchive[] = [];
  for (const file of await readdir(downloads)) {
    const path = join(downloads, file);
    const sha256 = await fileChecksum(path, "sha256", "hex");
    if (!pinned.wheels.some((wheel) => wheel.sha256 === sha256)) {
      await requireSha256(path, file, pinned.wheels.map((wheel) => wheel.sha256).join(" or "));
    }
    archives.push({ name: file, sha256 });
    context.note(`unpacking ${file}`);
    await unpackWheel(path, join(staging, "library"), signal);
    await rm(path);
  }
  return { ...(await findLibrary(join(staging, "library"))), version: pinned.tensorflow, archives };
}

function pipFailure(lastLines: string, names: readonly string[]): EngineInstallError {
  const wrong = /HASH|hashes/i.test(lastLines);
  return new EngineInstallError(
    wrong
      ? `What pip found is not the wheel that was published (${names.join(", ")}); nothing of it is kept:\n${lastLines}`
      : `pip cannot fetch ${names.join(", ")}:\n${lastLines}\nWithout a network, give a wheel with --from.`,
    { step: wrong ? "checksum" : "download" },
  );
}
