import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/**
 * The folder that downloads are kept in: the option, else `BLOCKWISE_CACHE`, else `blockwise` in `XDG_CACHE_HOME`,
 * else `~/.cache/blockwise`. It is made when something is first written.
 *
 * @returns an absolute path
 */
export function resolveCacheFolder(
  option?: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const chosen = option || environment.BLOCKWISE_CACHE;
  if (chosen) return resolve(chosen);
  const { XDG_CACHE_HOME: base } = environment;
  // The XDG specification says to ignore relative paths.
  return join(base && isAbsolute(base) ? base : join(homedir(), ".cache"), "blockwise");
}
