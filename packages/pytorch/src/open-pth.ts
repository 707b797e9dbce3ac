import type { SafetensorsDtype, SafetensorsEntry } from "@blockwise/safetensors";
import { InvalidOptionError } from "@blockwise/spec";
import { openArchive } from "./archive.js";
import { type ByteSource, fileSource, memorySource } from "./byte-source.js";
import { collectTensors } from "./collect-tensors.js";
import { readPickle } from "./pickle/read-pickle.js";
import type { TensorReference } from "./pickle/values.js";
import { type Refusal, refusalFor } from "./refuse.js";
import { arrangeValues, byteLengthOf, extentOf, toEntry } from "./tensor-values.js";

/** How a `.pth` file is read. */
export interface PthOptions {
  /**
   * Python names (`"argparse.Namespace"`) whose values are read past, beside those that hold no tensors and come often.
   * Nothing of them is run; tensors inside of them are not found. @default []
   */
  readonly opaque?: readonly string[];
  /**
   * The most bytes of values that one call reads. Tensors may share values or repeat them, so that a small file can
   * describe tensors that fill any memory. @default the file's size and 64 MiB
   */
  readonly maximumBytes?: number;
}

/** A tensor of a file that is not read yet. */
export interface PthTensor {
  /** The element type, by safetensors' name for it. */
  readonly dtype: SafetensorsDtype;
  /** Lengths of the axes, in PyTorch's order. */
  readonly shape: readonly number[];
}

/** A `.pth` file whose list of tensors is known and whose values are read when they are asked for. */
export interface PthFile {
  /** By the way to them, joined by dots (`model.conv1.weight`), in the file's order. */
  readonly tensors: ReadonlyMap<string, PthTensor>;
  /**
   * Reads tensors, row-major. Of bytes in memory, values may be views on them: treat them as read-only.
   *
   * @param names which ones. @default all
   * @throws InvalidOptionError for a name that is not there, or for more values than `maximumBytes`
   * @throws MalformedFileError, StorageError
   */
  read(names?: Iterable<string>): Promise<ReadonlyMap<string, SafetensorsEntry>>;
  /** Closes the file. What was read stays. */
  close(): Promise<void>;
}

const pickleRecord = "data.pkl";
/** A list of a hundred thousand tensors takes a tenth of this. */
const largestPickle = 256 * 2 ** 20;
const spareBytes = 64 * 2 ** 20;

/**
 * Opens what `torch.save` of PyTorch 1.6 or newer wrote, and executes nothing of it: the pickle in it is read as data, with
 * the operations and names that plain tensors need. Files may be of any size.
 *
 * @param from a path, or the file's bytes, which the result borrows
 * @throws UnsupportedFileError for other formats, and for a file with anything but tensors, numbers, texts and collections
 * @throws MalformedFileError for one that is cut off, damaged or made to mislead
 * @throws StorageError
 * @example
 * const file = await openPth("resnet50.pth");
 * console.log(file.tensors.get("conv1.weight")?.shape); // [ 64, 3, 7, 7 ]
 * const weights = await file.read(["conv1.weight"]);
 * await file.close();
 */
export async function openPth(from: string | Uint8Array, options: PthOptions = {}): Promise<PthFile> {
  const { opaque = [], maximumBytes } = options;
  if (maximumBytes !== undefined && !(Number.isSafeInteger(maximumBytes) && maximumBytes >= 0)) {
    throw new InvalidOptionError({
      option: "maximumBytes",
      expected: "a whole number of 0 or more",
      received: maximumBytes,
    });
  }
  const refuse = refusalFor(typeof from === "string" ? from : "bytes in memory");
  const source = typeof from === "string" ? await fileSource(from) : memorySource(from);
  try {
    return await open(source, refuse, opaque, maximumBytes ?? source.size + spareBytes);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/**
 * Reads all tensors of a `.pth` file: `openPth`, read, close.
 *
 * @throws UnsupportedFileError, MalformedFileError, StorageError, InvalidOptionError
 */
export async function readPth(
  from: string | Uint8Array,
  options: PthOptions = {},
): Promise<ReadonlyMap<string, SafetensorsEntry>> {
  const file = await openPth(from, options);
  return file.read().finally(() => file.close());
}

async function open(
  source: ByteSource,
  refuse: Refusal,
  opaque: readonly string[],
  maximumBytes: number,
): Promise<PthFile> {
  const archive = await openArchive(source, refuse);
  const size = archive.sizeOf(pickleRecord) ?? 0;
  if (size > largestPickle) refuse.malformed(`its list of tensors has ${size} bytes`);
  const order = await textOf("byteorder");
  if (order !== null && order !== "little")
    refuse.unsupported(
      "big-endian values",
      "it was written on a big-endian machine. Save it again on another one.",
    );
  const pickle = await archive.read(pickleRecord, 0, size);
  const tensors = collectTensors(readPickle(pickle, refuse, opaque), refuse);
  for (const { storage } of tensors.values()) requireStorage(storage);

  return {
    tensors: new Map(
      Array.from(tensors, ([name, { shape, storage }]) => [name, { dtype: storage.type.dtype, shape }]),
    ),
    read: async (names = tensors.keys()) => {
      const chosen = Array.from(names, (name): [string, TensorReference] => [name, requireTensor(name)]);
      requireFits(chosen);
      const entries = new Map<string, SafetensorsEntry>();
      for (const [name, tensor] of chosen) entries.set(name, await readTensor(tensor));
      return entries;
    },
    close: () => source.close(),
  };

  async function textOf(record: string): Promise<string | null> {
    const bytes = archive.sizeOf(record);
    if (bytes === null || bytes > 100) return null;
    return Buffer.from(await archive.read(record, 0, bytes)).toString("latin1");
  }

  function requireStorage({ key, length, type }: TensorReference["storage"]): void {
    const bytes = archive.sizeOf(`data/${key}`);
    if (bytes === null) refuse.malformed(`its storage ${JSON.stringify(key)} is missing`);
    else if (length * type.valueBytes > bytes)
      refuse.malformed(
        `its storage ${JSON.stringify(key)} has ${bytes} bytes, where ${length} values are to be`,
      );
  }

  function requireTensor(name: string): TensorReference {
    const tensor = tensors.get(name);
    if (tensor !== undefined) return tensor;
    throw new InvalidOptionError({
      option: "names",
      expected: "names of tensors that the file has",
      received: name,
      hint: "See PthFile.tensors.",
    });
  }

  function requireFits(chosen: readonly (readonly [string, TensorReference])[]): void {
    // A tensor's extent is read as a whole, of which it may skip some.
    const bytes = chosen.reduce((sum, [, tensor]) => {
      const { start, end } = extentOf(tensor);
      return sum + Math.max(byteLengthOf(tensor), (end - start) * tensor.storage.type.valueBytes);
    }, 0);
    if (bytes <= maximumBytes) return;
    throw new InvalidOptionError({
      option: "maximumBytes",
      expected: `at least the ${bytes} bytes that the tensors take`,
      received: maximumBytes,
      hint: "Raise it if the file comes from where you trust, or read fewer tensors at a time.",
    });
  }

  async function readTensor(tensor: TensorReference): Promise<SafetensorsEntry> {
    const { start, end } = extentOf(tensor);
    const { key, type } = tensor.storage;
    const bytes = await archive.read(`data/${key}`, start * type.valueBytes, (end - start) * type.valueBytes);
    return toEntry(tensor, arrangeValues(tensor, bytes));
  }
}
