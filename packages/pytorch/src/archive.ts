import { BlockwiseError } from "@blockwise/spec";
import yauzl, { type Entry, type ZipFile } from "yauzl";
import type { ByteSource } from "./byte-source.js";
import { quote, type Refusal } from "./refuse.js";

/** The records of a `.pth` file: a zip archive whose entries are stored as they are. */
export interface Archive {
  /** How many bytes a record has; null where there is none of that name. */
  sizeOf(record: string): number | null;
  /** @throws MalformedFileError for a record that is not there or not inside of the file */
  read(record: string, start: number, length: number): Promise<Uint8Array>;
}

/** The record that tells what the archive holds; all others are named from its folder. */
const pickleName = "data.pkl";

/**
 * Lists the records of an archive. The directory is read entry by entry, and no data.
 *
 * @throws MalformedFileError, UnsupportedFileError
 */
export async function openArchive(source: ByteSource, refuse: Refusal): Promise<Archive> {
  await requireZip(source, refuse);
  const zip = await orRefuse(
    yauzl.fromRandomAccessReaderPromise(new SourceReader(source), source.size, { autoClose: false }),
    refuse,
  );
  const entries = await orRefuse(listEntries(zip, refuse), refuse);
  const root = rootOf(entries, refuse);
  for (const entry of entries.values()) requireStored(entry, refuse);
  const require = (record: string): Entry =>
    entries.get(root + record) ?? refuse.malformed(`it has no record ${quote(record)}`);
  const starts = new Map<string, number>();
  const startOf = async (record: string): Promise<number> => {
    const entry = require(record);
    const header = await orRefuse(zip.readLocalFileHeaderPromise(entry, { minimal: true }), refuse);
    if (header.fileDataStart + entry.uncompressedSize > source.size)
      return refuse.malformed(`its record ${quote(record)} reaches beyond its end`);
    return header.fileDataStart;
  };
  return {
    sizeOf: (record) => entries.get(root + record)?.uncompressedSize ?? null,
    read: async (record, start, length) => {
      if (start + length > require(record).uncompressedSize)
        return refuse.malformed(`its record ${quote(record)} is too short`);
      const recordStart = starts.get(record) ?? (await startOf(record));
      starts.set(record, recordStart);
      return source.read(recordStart + start, length);
    },
  };
}

async function listEntries(zip: ZipFile, refuse: Refusal): Promise<ReadonlyMap<string, Entry>> {
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    const name = entry.fileName;
    if (entries.has(name)) return refuse.malformed(`it has the record ${quote(name)} twice`);
    entries.set(name, entry);
  }
  return entries;
}

/** What is stored as it is takes no more memory than the file does. */
function requireStored(entry: Entry, refuse: Refusal): void {
  const name = entry.fileName;
  if (entry.isEncrypted())
    refuse.unsupported("an encrypted archive", `its record ${quote(name)} is encrypted.`);
  if (entry.compressionMethod !== 0 || entry.compressedSize !== entry.uncompressedSize) {
    refuse.unsupported(
      "a compressed archive",
      `its record ${quote(name)} is compressed, which torch.save never does. Load and save it again with PyTorch.`,
    );
  }
}

function rootOf(entries: ReadonlyMap<string, Entry>, refuse: Refusal): string {
  const names = [...entries.keys()];
  const pickles = names.filter((name) => name === pickleName || name.endsWith(`/${pickleName}`));
  const [pickle] = pickles;
  if (pickle === undefined || pickles.length > 1)
    return refuse.malformed(
      `its archive has ${pickles.length} records "${pickleName}", where there is to be one`,
    );
  const root = pickle.slice(0, -pickleName.length);
  if (entries.has(`${root}constants.pkl`)) {
    return refuse.unsupported(
      "a TorchScript archive",
      "it is a TorchScript program. Save its weights alone in Python: torch.save(torch.jit.load(path).state_dict(), path2).",
    );
  }
  return root;
}

const startLength = 264;
const zipMagic = [0x50, 0x4b, 0x03, 0x04];
/** `torch.save` before 1.6: a pickle of protocol 2 with the number 0x1950a86a20f9469cfc6c. */
const legacyMagic = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

async function requireZip(source: ByteSource, refuse: Refusal): Promise<void> {
  const start = await source.read(0, Math.min(startLength, source.size));
  const startsWith = (magic: readonly number[]): boolean =>
    magic.every((byte, index) => start[index] === byte);
  if (startsWith(zipMagic)) return;
  const isTar = Buffer.from(start.subarray(257, 262)).toString("latin1") === "ustar";
  if (startsWith(legacyMagic) || isTar) {
    refuse.unsupported(
      "the format of torch.save before PyTorch 1.6",
      "it has the format that torch.save wrote before PyTorch 1.6. Save it again with a newer one: torch.save(torch.load(path, map_location='cpu'), path).",
    );
  }
  refuse.malformed("it does not begin like a zip archive, which is what torch.save writes since PyTorch 1.6");
}

async function orRefuse<T>(work: Promise<T>, refuse: Refusal): Promise<T> {
  return work.catch((cause: unknown) => {
    if (BlockwiseError.isInstance(cause)) throw cause;
    return refuse.malformed(cause instanceof Error ? cause.message : String(cause));
  });
}

/** Lets the zip library read a source. */
class SourceReader extends yauzl.RandomAccessReader {
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    super();
    this.#source = source;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    if (position + length > this.#source.size) {
      callback(new Error("its directory points beyond its end"));
      return;
    }
    this.#source.read(position, length).then(
      (bytes) => {
        buffer.set(bytes, offset);
        callback(null);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
    );
  }
}
