import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import type { Readable } from "node:stream";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { EngineInstallError } from "@blockwise/spec";
import yauzl, { type Entry, type ZipFile } from "yauzl";
import { wrongChecksum } from "./file-checksum.js";

/** What is taken out of wheels: the C library with its headers, NVIDIA's libraries, and all licences. */
const wanted: readonly RegExp[] = [
  /^tensorflow\/libtensorflow[^/]*\.so[^/]*$/,
  /^tensorflow\/include\/tensorflow\/(c|core\/platform|tsl)\/.*\.h$/,
  /^tensorflow\/include\/(tsl|xla\/tsl)\/.*\.h$/,
  /^tensorflow\/include\/external\/local_(tsl|xla)\/.*\.h$/,
  /^nvidia\/.*\.so[^/]*$/,
  /\.dist-info\/(.*\/)?(LICENSE|NOTICE|License)[^/]*$/,
];

/**
 * Takes the files of a wheel that are needed into a folder. Each is held against the checksum that the wheel itself records
 * for it.
 *
 * @throws EngineInstallError (`library`) for what is no wheel, (`checksum`) for a damaged one
 */
export async function unpackWheel(path: string, folder: string, signal?: AbortSignal): Promise<void> {
  const zip = await openZip(path);
  try {
    const entries: Entry[] = [];
    for await (const entry of zip.eachEntry()) entries.push(entry);
    const record = entries.find(({ fileName }) => /^[^/]+\.dist-info\/RECORD$/.test(fileName));
    if (record === undefined) throw notAWheel(path, "it has no RECORD");
    const checksums = readRecord(await readText(await zip.openReadStreamPromise(record)));
    for (const entry of entries) {
      if (!wanted.some((pattern) => pattern.test(entry.fileName))) continue;
      if (normalize(entry.fileName).startsWith("..")) throw notAWheel(path, "a name in it leads out of it");
      const expected = checksums.get(entry.fileName);
      if (expected === undefined) throw notAWheel(path, `its RECORD says nothing of ${entry.fileName}`);
      await extract(zip, entry, join(folder, entry.fileName), expected, signal);
    }
  } catch (error) {
    if (error instanceof EngineInstallError || signal?.aborted) throw error;
    if ((error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    throw notAWheel(path, error instanceof Error ? error.message : String(error));
  } finally {
    zip.close();
  }
}

async function openZip(path: string): Promise<ZipFile> {
  try {
    return await yauzl.openPromise(path, { autoClose: false, lazyEntries: true });
  } catch (error) {
    throw notAWheel(path, error instanceof Error ? error.message : String(error));
  }
}

async function extract(
  zip: ZipFile,
  entry: Entry,
  target: string,
  expected: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const hash = createHash("sha256");
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(
    await zip.openReadStreamPromise(entry),
    counted,
    createWriteStream(target),
    ...(signal === undefined ? [] : [{ signal }]),
  );
  const received = hash.digest("base64url");
  if (received !== expected) throw wrongChecksum(entry.fileName, `sha256 ${expected}`, received);
}

/** `name,sha256=base64url,size`; a name with a comma would be quoted, and is none of those that are wanted. */
function readRecord(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const parts = /^([^,"]+),sha256=([\w-]+),\d*$/.exec(line);
      return parts === null ? [] : [[parts[1] ?? "", parts[2] ?? ""] as const];
    }),
  );
}

async function readText(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function notAWheel(path: string, why: string): EngineInstallError {
  return new EngineInstallError(`${path} is not a whole Python wheel: ${why}.`, { step: "library" });
}
