import { openPlain } from "./open-plain.js";
import { parseObject } from "./read-whole.js";

const chunkBytes = 256 * 1024;
/** No line of a run is as long; what is, is passed over. */
const longestLine = 2 ** 20;

/** Told what a growing file of JSON lines holds. */
export interface LineListener {
  /** The file is another one, or shorter than it was: what was told before no longer holds. */
  onReset(): void;
  onLine(line: Readonly<Record<string, unknown>>): void;
}

/**
 * Follows a file of one JSON object a line: each call of `read` tells the lines that are new since the one before. A last
 * line without its end waits for the rest; lines that are no JSON objects are passed over.
 */
export class LineTail {
  readonly #path: string;
  readonly #listener: LineListener;
  #identity: string | null = null;
  #offset = 0;
  #rest: Buffer = Buffer.alloc(0);
  #skipping = false;

  constructor(path: string, listener: LineListener) {
    this.#path = path;
    this.#listener = listener;
  }

  /** Whether anything was told. */
  async read(): Promise<boolean> {
    const file = await openPlain(this.#path);
    if (file === null) return this.#begin(null);
    let told = false;
    try {
      if (file.identity !== this.#identity || file.size < this.#offset) told = this.#begin(file.identity);
      const chunk = Buffer.allocUnsafe(chunkBytes);
      while (this.#offset < file.size) {
        const wanted = Math.min(chunkBytes, file.size - this.#offset);
        const { bytesRead } = await file.handle.read(chunk, 0, wanted, this.#offset);
        if (bytesRead === 0) break;
        this.#offset += bytesRead;
        told = this.#take(chunk.subarray(0, bytesRead)) || told;
      }
    } catch {
      // What cannot be read now is tried again the next time.
    } finally {
      await file.handle.close();
    }
    return told;
  }

  #begin(identity: string | null): boolean {
    const isNews = this.#identity !== null;
    this.#identity = identity;
    this.#offset = 0;
    this.#rest = Buffer.alloc(0);
    this.#skipping = false;
    if (isNews) this.#listener.onReset();
    return isNews;
  }

  #take(bytes: Buffer): boolean {
    let told = false;
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      const line = Buffer.concat([this.#rest, bytes.subarray(from, end)]);
      this.#rest = Buffer.alloc(0);
      from = end + 1;
      const value = this.#skipping || line.length > longestLine ? null : parseObject(line.toString("utf8"));
      this.#skipping = false;
      if (value === null) continue;
      this.#listener.onLine(value);
      told = true;
    }
    this.#rest = Buffer.concat([this.#rest, bytes.subarray(from)]);
    if (this.#rest.length > longestLine) {
      this.#rest = Buffer.alloc(0);
      this.#skipping = true;
    }
    return told;
  }
}
