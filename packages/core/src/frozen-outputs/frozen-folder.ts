import { open, readdir, readFile, rename, rm, rmdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "@blockwise/safetensors";

/** The files of frozen outputs: a folder a block, a file a step. */
export class FrozenFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The bytes of a step's file; null where there is none. Throws the system's error where it cannot be read. */
  async read(block: number, step: number): Promise<Uint8Array | null> {
    try {
      return await readFile(this.#file(block, step));
    } catch (cause) {
      if (isMissing(cause)) return null;
      throw cause;
    }
  }

  /**
   * Writes a step's file, whole or not at all. It is not flushed: a file that a power cut leaves half written is known by
   * its checksum, and can be computed again. Throws the system's error.
   */
  async write(block: number, step: number, bytes: Uint8Array): Promise<void> {
    const unfinished = join(this.#folder(block), ".unfinished");
    const file = await open(unfinished, "w");
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    await rename(unfinished, this.#file(block, step));
  }

  /** Makes a block's folder. Throws the system's error. */
  async makeBlock(block: number): Promise<void> {
    await makeFolder(this.#folder(block));
  }

  /** How many steps of a block are there. */
  async count(block: number): Promise<number> {
    const names = await readdir(this.#folder(block)).catch(() => []);
    return names.filter((name) => name.endsWith(extension)).length;
  }

  /** Bytes that this process may still write to the disk; infinite where the system does not say. */
  async freeBytes(): Promise<number> {
    try {
      const { bavail, bsize } = await statfs(this.path);
      return bavail * bsize;
    } catch {
      return Number.POSITIVE_INFINITY;
    }
  }

  async removeStep(block: number, step: number): Promise<void> {
    await rm(this.#file(block, step), { force: true });
  }

  async removeBlock(block: number): Promise<void> {
    await rm(this.#folder(block), { recursive: true, force: true });
  }

  /** Removes such blocks' folders, and the folder around them if nothing else is in it. */
  async removeAll(blockCount: number): Promise<void> {
    for (let block = 0; block < blockCount; block++) await this.removeBlock(block);
    await rmdir(this.path).catch(() => undefined);
  }

  #folder(block: number): string {
    return join(this.path, `block-${block}`);
  }

  #file(block: number, step: number): string {
    return join(this.#folder(block), `step-${String(step).padStart(8, "0")}${extension}`);
  }
}

const extension = ".safetensors";

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}
