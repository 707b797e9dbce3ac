import { type FileHandle, open } from "node:fs/promises";
import { BlockwiseError, DataSourceError, MalformedFileError } from "@blockwise/spec";
import { safeName } from "./tar-entries.js";
import { readPaxRecords, readTarHeader, TAR_BLOCK, type TarHeader } from "./tar-header.js";

/** A file in a tar archive, found but not read. */
export interface TarMember {
  /** Its path in the archive, with `/` between the parts and none in front. */
  readonly name: string;
  /** Where its contents begin, in bytes. */
  readonly offset: number;
  readonly size: number;
}

/** What is in a tar archive. */
export interface TarIndex {
  /** Size and last change of the archive, in bytes and milliseconds. */
  readonly stamp: readonly [size: number, mtimeMs: number];
  readonly members: readonly TarMember[];
  readonly folders: readonly string[];
}

/** Reads the contents of small members while an archive is indexed. */
export type ReadMember = (member: TarMember) => Promise<Buffer>;

/**
 * Lists the files of an uncompressed tar archive by its headers; contents are passed over unread. Links, special files
 * and paths that lead out of the archive are left out.
 *
 * @param onMember - told of each file, in order, with a way to read it; awaited
 * @throws DataSourceError when the archive cannot be opened.
 * @throws MalformedFileError when it is cut off or damaged.
 */
export async function indexTar(
  path: string,
  onMember: (member: TarMember, read: ReadMember) => Promise<void> = async () => {},
): Promise<TarIndex> {
  let file: FileHandle | null = null;
  try {
    file = await open(path, "r");
    const { size, mtimeMs } = await file.stat();
    const members: TarMember[] = [];
    const folders: string[] = [];
    const window = new FileWindow(file, size);
    const read: ReadMember = ({ offset, size: length }) => window.read(offset, length);
    for await (const { name, offset, size: length, type } of walk(window, size)) {
      const safe = safeName(name);
      if (safe === null || safe === "") continue;
      if (type === "5") folders.push(safe);
      if (type !== "0" && type !== "7") continue;
      const member = { name: safe, offset, size: length };
      members.push(member);
      await onMember(member, read);
    }
    return { stamp: [size, mtimeMs], members, folders };
  } catch (error) {
    throw typed(error, path);
  } finally {
    await file?.close();
  }
}

interface TarEntry extends TarHeader {
  readonly offset: number;
}

async function* walk(window: FileWindow, fileSize: number): AsyncGenerator<TarEntry> {
  let place = 0;
  let longName: string | undefined;
  let longSize: number | undefined;
  for (;;) {
    if (place + TAR_BLOCK > fileSize) throw new Error(`it has no end mark of ${TAR_BLOCK} zero bytes`);
    const header = readTarHeader(await window.read(place, TAR_BLOCK));
    if (header === null) return;
    const offset = place + TAR_BLOCK;
    const isExtension = /[xgLK]/.test(header.type);
    const size = isExtension ? header.size : (longSize ?? header.size);
    if (offset + size > fileSize) throw new Error(`"${longName ?? header.name}" goes on beyond its end`);
    place = offset + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
    if (!isExtension) {
      yield { ...header, name: longName ?? header.name, size, offset };
      longName = undefined;
      longSize = undefined;
      continue;
    }
    if (size > MAX_EXTENSION_BYTES) throw new Error(`a header extension has ${size} bytes`);
    if (header.type === "x") {
      const records = readPaxRecords(await window.read(offset, size));
      longName = records.path ?? longName;
      longSize = records.size ?? longSize;
      // A negative size would lead back to headers that were read before.
      if (longSize !== undefined && !(Number.isSafeInteger(longSize) && longSize >= 0))
        throw new Error("a size is no whole number");
    }
    if (header.type === "L") {
      longName = (await window.read(offset, size)).toString().replace(/\0.*$/s, "");
    }
  }
}

const MAX_EXTENSION_BYTES = 2 ** 20;

/** Reads a file ahead by a little: labels are small and lie beside the next header. */
class FileWindow {
  readonly #file: FileHandle;
  readonly #fileSize: number;
  readonly #buffer: Buffer = Buffer.alloc(8 * TAR_BLOCK);
  #begin = 0;
  #end = 0;

  constructor(file: FileHandle, fileSize: number) {
    this.#file = file;
    this.#fileSize = fileSize;
  }

  /** A copy of `length` bytes from `offset` on. */
  async read(offset: number, length: number): Promise<Buffer> {
    if (length > this.#buffer.length) return this.#fill(Buffer.alloc(length), offset, length);
    if (offset < this.#begin || offset + length > this.#end) {
      const ahead = Math.min(this.#buffer.length, this.#fileSize - offset);
      await this.#fill(this.#buffer, offset, ahead);
      this.#begin = offset;
      this.#end = offset + ahead;
    }
    return Buffer.from(this.#buffer.subarray(offset - this.#begin, offset - this.#begin + length));
  }

  async #fill(target: Buffer, offset: number, length: number): Promise<Buffer> {
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.#file.read(target, done, length - done, offset + done);
      if (bytesRead === 0) throw new Error("it has become shorter while it was read");
      done += bytesRead;
    }
    return target;
  }
}

function typed(error: unknown, path: string): Error {
  if (BlockwiseError.isInstance(error)) return error;
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && "syscall" in error) {
    return new DataSourceError(
      `The archive "${path}" cannot be read (${"code" in error ? error.code : reason}). Check the path and its permissions.`,
      { source: path },
      { cause: error },
    );
  }
  return new MalformedFileError(
    `"${path}" must be a whole, uncompressed tar archive, but ${reason}. Get it again.`,
    { path },
    { cause: error },
  );
}
