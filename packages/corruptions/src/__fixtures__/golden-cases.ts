import { readFileSync } from "node:fs";
import type { RawImage } from "@blockwise/spec";
import type { CorruptionOptions } from "../index.js";

/** What `write_corruption_golden.py` wrote. */
interface Golden {
  readonly images: Readonly<Record<string, Omit<RawImage, "data"> & { readonly data: string }>>;
  readonly cases: readonly (CorruptionOptions & { readonly image: string; readonly out: string })[];
  readonly gaussian: {
    readonly field: number[];
    readonly repeatEdge: number[];
    readonly mirrorWithEdge: number[];
  };
  readonly warp: {
    readonly field: number[];
    readonly places: readonly [number[], number[]];
    readonly mirrorWithEdge: number[];
  };
}

export const golden: Golden = JSON.parse(readFileSync(new URL("./golden.json", import.meta.url), "utf8"));

/** One of the golden images. */
export function goldenImage(name: string): RawImage {
  const image = golden.images[name];
  if (image === undefined) throw new Error(`There is no golden image "${name}".`);
  return { ...image, data: bytesOf(image.data) };
}

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "base64"));
}
