import { join } from "node:path";

/** `pairs.json`: pairs of views as the network saw them in its first step. */
export interface PairsRecord {
  /** Views an image. */
  readonly views: number;
  /** Of every picture, in pixels. */
  readonly width: number;
  /** Of every picture, in pixels. */
  readonly height: number;
  /** One entry an image, with its views. */
  readonly images: readonly PairedImage[];
}

/** An image whose views were kept. */
export interface PairedImage {
  /** Its place among the training images. */
  readonly index: number;
  /** Its class; null for unlabelled images. */
  readonly className: string | null;
}

/** The list of a folder's pictures. */
export function pairsIndex(folder: string): string {
  return join(folder, "pairs.json");
}

/** The picture of a view; both count from 0. */
export function pairPicture(folder: string, image: number, view: number): string {
  return join(folder, `${image}-${view}.png`);
}
