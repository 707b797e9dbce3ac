import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a folder, and those that it is in, where they are not there yet. As `mkdir` does with `recursive`, which never ends in
 * Node 20 where a file system says of a new folder that there is none above it, as Linux's `/proc` does.
 *
 * @throws the system's error where it cannot be made
 */
export async function makeFolder(path: string): Promise<void> {
  if (await isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) await makeFolder(parent);
  await mkdir(path).catch(async (cause: unknown) => {
    // Another process may have made it meanwhile.
    if (!(await isFolder(path))) throw cause;
  });
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
