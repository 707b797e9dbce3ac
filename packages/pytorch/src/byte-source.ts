import { open } from "node:fs/promises";
import { StorageError } from "@blockwise/spec";

/** Bytes that can be read anywhere: of a file, or in memory. */
export interface ByteSource {
  readonly size: number;
  /** `length` bytes from `start` on; views of the bytes in memory, fresh ones of a file. The caller keeps within `size`. */
  read(start: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Bytes in memory, borrowed. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.byteLength,
    read: async (start, length) => bytes.subarray(start, start + length),
    close: async () => undefined,
  };
}

/** A file, open until `close`. @throws StorageError */
export async function fileSource(path: string): Promise<ByteSource> {
  try {
    const file = await open(path, "r");
    const { size } = await file.stat().catch(async (cause: unknown) => {
      await file.close();
      throw cause;
    });
    return { size, read: (start, length) => readFully(start, length), close: () => file.close() };

    async function readFully(start: number, length: number): Promise<Uint8Array> {
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await file.read(bytes, done, length - done, start + done).catch(failed);
        if (bytesRead === 0) return failed(new Error("it became shorter while it was read"));
        done += bytesRead;
      }
      return bytes;
    }
  } catch (cause) {
    return failed(cause);
  }

  function failed(cause: unknown): never {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StorageError(
      `${path} cannot be read (${reason}). Check the path and its permissions.`,
      { path },
      { cause },
    );
  }
}
