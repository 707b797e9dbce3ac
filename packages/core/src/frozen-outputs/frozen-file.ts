import { crc32 } from "node:zlib";
import { decodeSafetensors, encodeSafetensors, type SafetensorsEntry } from "@blockwise/safetensors";

/** Whose outputs a file holds, and of which step. */
export interface FrozenPlace {
  /** Of the run and of all weights that the outputs come from. */
  readonly key: string;
  readonly block: number;
  readonly step: number;
}

/** What a block handed on in one step. */
export interface FrozenStep {
  /** One a view, each of `shape`, flat. */
  readonly outputs: readonly Float32Array[];
  /** `[batch, height, width, channels]`. */
  readonly shape: readonly number[];
  /** `[batch]`; null for unlabelled images. */
  readonly labels: Int32Array | null;
}

/** The bytes of the file: safetensors, with its place and a checksum of all data as metadata. */
export function encodeFrozenStep(place: FrozenPlace, { outputs, shape, labels }: FrozenStep): Uint8Array {
  const entries: (readonly [string, SafetensorsEntry])[] = outputs.map((data, view) => [
    `view.${view}`,
    { dtype: "F32", shape, data },
  ]);
  if (labels !== null) entries.push(["labels", { dtype: "I32", shape: [labels.length], data: labels }]);
  return encodeSafetensors({
    tensors: entries,
    metadata: { ...metadataOf(place), checksum: checksumOf(outputs, labels) },
  });
}

/**
 * What a file holds, or null where it is not whole or not the one that is wanted.
 *
 * @param wanted How many views it must have, each of which shape, and whether labels.
 */
export function decodeFrozenStep(
  bytes: Uint8Array,
  place: FrozenPlace,
  wanted: { readonly views: number; readonly shape: readonly number[]; readonly labels: boolean },
): FrozenStep | null {
  let file: ReturnType<typeof decodeSafetensors>;
  try {
    file = decodeSafetensors(bytes);
  } catch {
    return null;
  }
  const { tensors, metadata } = file;
  if (tensors.size !== wanted.views + (wanted.labels ? 1 : 0)) return null;
  const outputs: Float32Array[] = [];
  for (let view = 0; view < wanted.views; view++) {
    const entry = tensors.get(`view.${view}`);
    if (entry?.dtype !== "F32" || entry.shape.join() !== wanted.shape.join()) return null;
    outputs.push(entry.data);
  }
  const entry = tensors.get("labels");
  const labels = entry?.dtype === "I32" && entry.shape.join() === String(wanted.shape[0]) ? entry.data : null;
  if (wanted.labels && labels === null) return null;
  const expected = { ...metadataOf(place), checksum: checksumOf(outputs, labels) };
  const agrees = Object.entries(expected).every(([name, value]) => metadata[name] === value);
  return agrees ? { outputs, shape: wanted.shape, labels } : null;
}

function metadataOf({ key, block, step }: FrozenPlace): Readonly<Record<string, string>> {
  return { content: "frozen outputs", key, block: String(block), step: String(step) };
}

function checksumOf(outputs: readonly Float32Array[], labels: Int32Array | null): string {
  const parts = labels === null ? outputs : [...outputs, labels];
  return String(
    parts.reduce(
      (sum, { buffer, byteOffset, byteLength }) => crc32(new Uint8Array(buffer, byteOffset, byteLength), sum),
      0,
    ),
  );
}
