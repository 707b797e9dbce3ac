import { mkdir, readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { EngineInstallError } from "@blockwise/spec";
import { unpackTar } from "./fetch-packages.js";
import { fileChecksum } from "./file-checksum.js";
import { findLibrary } from "./find-library.js";
import type { InstallContext, TensorFlowLibrary, UsedArchive } from "./install-context.js";
import { unpackWheel } from "./unpack-wheel.js";

/**
 * TensorFlow from a place of the user's, who answers for it: a wheel, a `.tar.gz` of the C library, a folder of wheels
 * (TensorFlow's and NVIDIA's are used), or a folder with the library itself, which is then used where it is.
 */
export async function openPath(context: InstallContext, path: string): Promise<TensorFlowLibrary> {
  const archives = await archivesAt(path);
  if (archives.length === 0) return { ...(await findLibrary(path)), version: "unknown", archives: [] };
  const folder = join(context.staging, "library");
  await mkdir(folder, { recursive: true });
  const used: UsedArchive[] = [];
  for (const archive of archives) {
    context.note(`unpacking ${basename(archive)}`);
    if (archive.endsWith(".whl")) await unpackWheel(archive, folder, context.signal);
    else await unpackTar(context, archive, ["-C", folder]);
    used.push({ name: basename(archive), sha256: await fileChecksum(archive, "sha256", "hex") });
  }
  return { ...(await findLibrary(folder)), version: "unknown", archives: used };
}

/** What it takes on the disk to unpack what is there, in bytes, at a guess. */
export async function spaceForPath(path: string): Promise<number> {
  const archives = await archivesAt(path);
  // What is not there shows before anything is fetched.
  if (archives.length === 0) await findLibrary(path);
  const sizes = await Promise.all(archives.map(async (archive) => (await stat(archive)).size));
  return sizes.reduce((sum, size) => sum + 4 * size, 50 * 2 ** 20);
}

async function archivesAt(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch(() => null);
  if (found === null) {
    throw new EngineInstallError(
      `There is no file or folder ${path}. Check the path, or leave --from out to fetch TensorFlow's wheel.`,
      { step: "library" },
    );
  }
  if (found.isFile()) {
    if (/\.(whl|tar\.gz|tgz)$/i.test(path)) return [path];
    throw new EngineInstallError(
      `${path} must be a wheel (.whl), an archive of TensorFlow's C library (.tar.gz), or a folder, but is another file.`,
      { step: "library" },
    );
  }
  const wheels = (await readdir(path)).filter((name) => /^(tensorflow|nvidia).*\.whl$/.test(name));
  return wheels.sort().map((name) => join(path, name));
}
