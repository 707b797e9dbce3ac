import type { FileHandle } from "node:fs/promises";
import { createRequire, syncBuiltinESMExports } from "node:module";

type AsyncFunction = (...given: unknown[]) => Promise<unknown>;

/** What writes, and the look into a folder before something in it is removed. */
const functionNames = ["mkdir", "open", "readdir", "rename", "rm"] as const;
const handleMethods = ["sync", "writeFile"] as const;

/**
 * Runs `action` while one call to the file system, counted from 0, fails as on a full disk. All else is real. Returns
 * what the action threw, if anything, and whether it came as far as that call.
 */
export async function withFailingCall(
  failing: number,
  action: () => Promise<unknown>,
): Promise<{ readonly error: unknown; readonly reached: boolean }> {
  const fileSystem = createRequire(import.meta.url)("node:fs/promises") as Record<string, AsyncFunction>;
  let calls = 0;
  const orFail =
    (real: AsyncFunction): AsyncFunction =>
    async (...given) => {
      if (calls++ === failing) {
        throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
      }
      return real(...given);
    };
  const real = functionNames.map((name) => [name, fileSystem[name] as AsyncFunction] as const);
  for (const [name, original] of real) {
    fileSystem[name] = orFail(async (...given) => {
      const result = await original(...given);
      if (name === "open") hurtHandle(result as FileHandle, orFail);
      return result;
    });
  }
  syncBuiltinESMExports();
  try {
    const error = await action().then(
      () => null,
      (cause: unknown) => cause,
    );
    return { error, reached: calls > failing };
  } finally {
    for (const [name, original] of real) fileSystem[name] = original;
    syncBuiltinESMExports();
  }
}

function hurtHandle(handle: FileHandle, orFail: (real: AsyncFunction) => AsyncFunction): void {
  for (const method of handleMethods) {
    const original = handle[method].bind(handle) as AsyncFunction;
    Object.assign(handle, { [method]: orFail(original) });
  }
}
