import { readdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { InvalidOptionError } from "@blockwise/spec";

/**
 * The ending of a file that is to be written, one of `endings`, so that mistakes show before the long work.
 *
 * @throws InvalidOptionError for another ending, or a folder that is not there
 */
export async function requireOutputFile<Ending extends string>(
  out: string,
  endings: readonly Ending[],
  hint?: string,
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
  if (folder?.isDirectory()) return ending;
  throw new InvalidOptionError({
    option: "out",
    expected: "a file in a folder that is there",
    received: out,
    hint: `Make the folder ${dirname(out)} first, or choose another place.`,
  });
}

/** Files that belong together come into a folder of their own, over nothing else. @throws InvalidOptionError */
export async function requireFreeFolder(out: string): Promise<void> {
  const there = await stat(out).catch(() => null);
  if (there === null || (there.isDirectory() && (await readdir(out)).length === 0)) return;
  throw new InvalidOptionError({
    option: "out",
    expected: "a folder that is empty or not there yet",
    received: out,
  });
}
