import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { BlockwiseError, DataSourceError, MalformedFileError } from "@blockwise/spec";
import { type Extract, extract } from "tar-stream";

/** A file in a tar archive. */
export interface TarFile {
  /** Its path in the archive, with `/` between the parts and none in front. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** What to read of an archive. */
export interface TarReadOptions {
  /** Whether to read the file of that name; the others are passed over. */
  readonly wants: (name: string) => boolean;
  /** The largest file to read, in bytes. */
  readonly maxFileBytes: number;
  /** Told of each folder: its path, without a slash at the end. */
  readonly onFolder?: (name: string) => void;
  /** Told of each entry that is never read for being unsafe or no file: `"link"`, `"unsafe path"`, `"special file"`. */
  readonly onIgnored?: (reason: string, name: string) => void;
}

/**
 * Reads the files of a tar archive (`.tar.gz` and `.tgz` are unpacked on the way) one by one. Nothing is written to
 * disk; links are not followed; no more than one file is held at a time.
 *
 * @throws DataSourceError when the archive cannot be opened.
 * @throws MalformedFileError when it is cut off or damaged, or has a wanted file beyond `maxFileBytes`.
 */
export async function* tarFiles(path: string, options: TarReadOptions): AsyncGenerator<TarFile> {
  const archive = extract();
  const input = createReadStream(path, { highWaterMark: 2 ** 20 });
  const finished = new Promise<Error | null>((resolve) => {
    const done = (error: NodeJS.ErrnoException | null): void => resolve(error ?? null);
    const watch = (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> => checkEnd(path, chunks);
    if (/\.(tar\.gz|tgz)$/i.test(path)) pipeline(input, createGunzip(), watch, archive, done);
    else pipeline(input, watch, archive, done);
  });
  try {
    for await (const entry of archive) {
      // The extractor waits for ever for an entry whose size it could not read.
      if (!Number.isSafeInteger(entry.header.size)) throw sizeless(path, entry.header.name);
      const name = accept(entry, options);
      if (name === null) {
        entry.resume();
        continue;
      }
      if (entry.header.size > options.maxFileBytes) {
        throw new MalformedFileError(
          `"${name}" in "${path}" must have at most ${options.maxFileBytes} bytes, but says it has ` +
            `${entry.header.size}. Take it out of the archive.`,
          { path },
        );
      }
      yield { name, bytes: await readAll(entry) };
    }
    const failure = await finished;
    if (failure !== null) throw failure;
  } catch (error) {
    // The pipeline knows the first cause; the archive's iterator may only know that it was closed.
    archive.destroy();
    input.destroy();
    throw typed(BlockwiseError.isInstance(error) ? error : ((await finished) ?? error), path);
  } finally {
    archive.destroy();
    input.destroy();
  }
}

function sizeless(path: string, name: string): MalformedFileError {
  return new MalformedFileError(
    `"${path}" must be a whole tar archive, but the header of "${name}" has no valid size. Get it again.`,
    { path },
  );
}

/** The name under which to read an entry; null for one to pass over. */
function accept(entry: Entry, options: TarReadOptions): string | null {
  const { name: stated, type } = entry.header;
  const name = safeName(stated);
  const reason =
    type === "symlink" || type === "link"
      ? "link"
      : name === null
        ? "unsafe path"
        : type !== "file" && type !== "contiguous-file" && type !== "directory"
          ? "special file"
          : null;
  if (name === null || reason !== null) {
    options.onIgnored?.(reason ?? "unsafe path", stated);
    return null;
  }
  if (type === "directory") {
    if (name !== "") options.onFolder?.(name);
    return null;
  }
  return options.wants(name) ? name : null;
}

/** The path without `.` and empty parts; null where it would lead out of the archive. */
export function safeName(name: string): string | null {
  if (/^[/\\]|^[a-z]:|\0/i.test(name)) return null;
  const parts = name.split(/[/\\]/).filter((part) => part !== "" && part !== ".");
  return parts.includes("..") ? null : parts.join("/");
}

async function readAll(entry: Entry): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of entry) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Passes the unpacked bytes on; an archive cut off between two files shows only in its missing end mark. */
async function* checkEnd(path: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let tail: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    tail = Buffer.concat([tail, chunk.subarray(-BLOCK)]).subarray(-BLOCK);
    yield chunk;
  }
  if (tail.length < BLOCK || tail.some((byte) => byte !== 0)) {
    throw new MalformedFileError(
      `"${path}" must end as a tar archive does, with ${BLOCK} zero bytes, but does not: it was cut off or is no ` +
        "tar archive. Get it again.",
      { path },
    );
  }
}

const BLOCK = 512;

type Entry = Extract extends AsyncIterable<infer Item> ? Item : never;

function typed(error: unknown, path: string): Error {
  if (BlockwiseError.isInstance(error)) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (/^(ENOENT|EACCES|EPERM|EISDIR|ENOTDIR|EMFILE|EIO)$/.test(code)) {
    return new DataSourceError(
      `The archive "${path}" cannot be read (${code}). Check the path and its permissions.`,
      { source: path },
      { cause: error },
    );
  }
  return new MalformedFileError(
    `"${path}" must be a whole tar archive, but reading it failed: ${
      error instanceof Error ? error.message : String(error)
    }. Get it again.`,
    { path },
    { cause: error },
  );
}
