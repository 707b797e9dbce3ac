import { openPth, type PthOptions } from "@blockwise/pytorch";
import { readSafetensors, type SafetensorsEntry } from "@blockwise/safetensors";

/** A file of tensors, listed. */
export interface WeightsFile {
  /** PyTorch's shapes, by name. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  read(names: Iterable<string>): Promise<ReadonlyMap<string, SafetensorsEntry>>;
  close(): Promise<void>;
}

/**
 * Opens a safetensors file (by its ending) or a `.pth` file (all others), of which nothing is run.
 *
 * @throws MalformedFileError, StorageError, UnsupportedFileError
 */
export async function openWeights(path: string, options: PthOptions): Promise<WeightsFile> {
  if (!path.endsWith(".safetensors")) {
    const file = await openPth(path, options);
    return { shapes: shapesOf(file.tensors), read: (names) => file.read(names), close: () => file.close() };
  }
  const { tensors } = await readSafetensors(path);
  return {
    shapes: shapesOf(tensors),
    read: async (names) =>
      new Map(
        Array.from(names, (name): [string, SafetensorsEntry] => [
          name,
          tensors.get(name) as SafetensorsEntry,
        ]),
      ),
    close: async () => undefined,
  };
}

function shapesOf(
  tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>,
): ReadonlyMap<string, readonly number[]> {
  return new Map(Array.from(tensors, ([name, { shape }]) => [name, shape]));
}
