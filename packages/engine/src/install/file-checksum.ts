import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { EngineInstallError } from "@blockwise/spec";

/** A file's checksum. */
export async function fileChecksum(
  path: string,
  algorithm: "sha256" | "sha512",
  encoding: "hex" | "base64",
): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(path), hash);
  return hash.digest(encoding);
}

/** Deletes a file that is not what was published, and says so. @throws EngineInstallError (`checksum`) */
export async function requireSha256(path: string, name: string, expected: string): Promise<void> {
  const received = await fileChecksum(path, "sha256", "hex");
  if (received === expected) return;
  await rm(path, { force: true });
  throw wrongChecksum(name, `sha256 ${expected}`, received);
}

/** What is thrown for a file that is not what was published. */
export function wrongChecksum(name: string, expected: string, received: string): EngineInstallError {
  return new EngineInstallError(
    `${name} is not what its publisher published: its checksum must be ${expected}, but is ${received}. It has been ` +
      "deleted. Try again, and look at the mirror or proxy if it stays so.",
    { step: "checksum" },
  );
}
