import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** The MD5 of a file as 32 hexadecimal digits: what the publishers of these data sets state. */
export async function fileMd5(path: string): Promise<string> {
  const hash = createHash("md5");
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** The MD5 of bytes as 32 hexadecimal digits. */
export function bytesMd5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}
