import { stat } from "node:fs/promises";
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
