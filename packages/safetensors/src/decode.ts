import { MalformedFileError } from "@blockwise/spec";
import { dtypeLayouts, type SafetensorsDtype } from "./dtype.js";
import { readHeader } from "./read-header.js";
import type { SafetensorsEntry, SafetensorsFile } from "./safetensors-file.js";

/**
 * Reads a safetensors file from memory, every header field checked.
 *
 * The tensors' data lie in `bytes` where alignment allows and are copies elsewhere: treat them as read-only.
 *
 * @param bytes The whole file. Borrowed by the result.
 * @param path What to call it in errors. @default "bytes in memory"
 * @throws MalformedFileError naming what is wrong and in which tensor.
 * @see https://github.com/huggingface/safetensors#format. Differs from the reference reader in refusing unknown
 * fields, lone surrogates and the name `__proto__`.
 */
export function decodeSafetensors(bytes: Uint8Array, path = "bytes in memory"): SafetensorsFile {
  const { tensors, metadata, dataStart } = readHeader(bytes, (fault) => {
    throw new MalformedFileError(
      `${path} is not a valid safetensors file: ${fault}. Fetch or write it again; nothing was read from it.`,
      { path },
    );
  });
  return {
    tensors: new Map(
      tensors.map(({ name, dtype, shape, begin, end }) => {
        const region = bytes.subarray(dataStart + begin, dataStart + end);
        return [name, makeEntry(dtype, shape, region)];
      }),
    ),
    metadata,
  };
}

function makeEntry<Dtype extends SafetensorsDtype>(
  dtype: Dtype,
  shape: readonly number[],
  region: Uint8Array,
): SafetensorsEntry {
  const { array: DataArray } = dtypeLayouts[dtype];
  const aligned = region.byteOffset % DataArray.BYTES_PER_ELEMENT === 0 ? region : new Uint8Array(region);
  const length = region.byteLength / DataArray.BYTES_PER_ELEMENT;
  // The table pairs each dtype with its array; TypeScript cannot follow that through a generic key.
  return {
    dtype,
    shape,
    data: new DataArray(aligned.buffer, aligned.byteOffset, length),
  } as SafetensorsEntry;
}
