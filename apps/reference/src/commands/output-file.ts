import { lstat, readdir, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { InvalidOptionError } from "@blockwise/spec";

/** What holds of everything that is written. */
interface OutputOptions {
  /** Whether what is there may be written over; else it is refused. */
  readonly force: boolean;
  /** What to say besides where the ending is none of those that it may be. */
  readonly hint?: string;
}

/**
 * The ending of a file that is to be written, one of `endings`, so that mistakes show before the long work.
 *
 * A file that is there is replaced only by `force`; so is a link, and what it leads to stays as it is.
 *
 * @throws InvalidOptionError for another ending, a file that is there, a folder that is not, or a path that no file can be
 * written to
 */
export async function requireOutputFile<Ending extends string>(
  out: string,
  endings: readonly Ending[],
  { force, hint }: OutputOptions,
): Promise<Ending> {
  const ending = endings.find((one) => out.endsWith(one));
  if (ending === undefined) {
    throw new InvalidOptionError({
      option: "out",
      expected: `a file name that ends in ${endings.join(" or ")}`,
      received: out,
      ...(hint === undefined ? {} : { hint }),
    });
  }
  const folder = await stat(dirname(out)).catch(() => null);
  if (folder?.isDirectory()) {
    requireName(out);
    const there = await statusOf(out);
    if (there === null) return ending;
    if (there.isFile() || there.isSymbolicLink()) {
      if (force) return ending;
      throw new InvalidOptionError({
        option: "out",
        expected: "a path where nothing is yet",
        received: out,
        hint: forceHint,
      });
    }
    throw new InvalidOptionError({
      option: "out",
      expected: "a file, or a path where nothing is yet",
      received: out,
      hint: there.isDirectory() ? "It is a folder." : "It is a device, a pipe or a socket.",
    });
  }
  throw new InvalidOptionError({
    option: "out",
    expected: "a file in a folder that is there",
    received: out,
    hint: `Make the folder ${dirname(out)} first, or choose another place.`,
  });
}

const forceHint = "Choose another place, or write over what is there with --force; nothing was written.";

/**
 * Files that belong together come into a folder of their own, over nothing else, unless by `force`: over files of the same
 * names, and beside all others.
 *
 * @throws InvalidOptionError for a folder with something in it, what is no folder, or a path that no folder can be made at
 */
export async function requireFreeFolder(out: string, { force }: OutputOptions): Promise<void> {
  requireName(out);
  // As it is written to: `new/..` is a folder with something in it.
  const folder = resolve(out);
  const there = await statusOf(folder);
  if (there === null) return;
  const names = await readdir(folder).catch(() => null);
  if (names !== null && (force || names.length === 0)) return;
  throw new InvalidOptionError({
    option: "out",
    expected: "a folder that is empty or not there yet",
    received: out,
    hint: names === null ? "It is no folder; choose another place." : forceHint,
  });
}

/** What is at a path, a link itself; null for nothing. @throws InvalidOptionError where there can be nothing */
async function statusOf(out: string): Promise<Awaited<ReturnType<typeof lstat>> | null> {
  try {
    return await lstat(out);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    if (code === "ENOENT") return null;
    throw new InvalidOptionError({
      option: "out",
      expected: "a path that can be written to",
      received: out,
      hint: cause instanceof Error ? cause.message : String(cause),
    });
  }
}

/** Windows writes to devices of these names, whatever their ending. */
const deviceName = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

function requireName(out: string): void {
  const isDevice = process.platform === "win32" && deviceName.test(basename(out));
  if (out !== "" && !out.includes("\0") && !isDevice) return;
  throw new InvalidOptionError({
    option: "out",
    expected: isDevice ? "another name than a device's" : "a path, without a zero byte",
    received: out,
  });
}
