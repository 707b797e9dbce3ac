import { join } from "node:path";
import { type DepthTables, extractFeatures } from "@blockwise/core";
import { openDataset, splitSource, subset } from "@blockwise/data";
import { type DemoPictures, type SquarePicture, writeDemoData, writeDemoPage } from "@blockwise/demo";
import { generator, rootKey } from "@blockwise/random";
import type { AugmentationV1, DataSourceV1 } from "@blockwise/spec";
import { writeTfjsModel } from "../weights/export-tfjs.js";
import { openTrained } from "../weights/open-trained.js";
import type { InputRecord } from "./input-record.js";
import { type DataLocations, decodeSizeOf, downloadOptions } from "./open-data.js";

/** What to make a demo of. */
export interface DemoRequest {
  /** A run's folder. */
  readonly run: string;
  readonly images: string;
  /** A folder, which is made. */
  readonly out: string;
  /** How many images to compare with, at most. */
  readonly gallerySize: number;
  readonly sampleCount: number;
  /** Texts for the page; null for what the run says. */
  readonly about: string | null;
  readonly credit: string | null;
  readonly locations: DataLocations;
}

/**
 * Writes a static page that shows the nearest neighbours of an image by every block: the network as a TensorFlow.js model, a
 * gallery with its features, and images to try, which are not in the gallery.
 *
 * @throws CheckpointError, DataSourceError, InvalidOptionError, StorageError
 */
export async function writeDemo(
  request: DemoRequest,
): Promise<{ readonly images: number; readonly blocks: readonly string[] }> {
  const { out } = request;
  const trained = await openTrained(request.run);
  try {
    const { config, input, network, plugins } = trained;
    const view = plugins.evaluationView;
    const { gallery, samples } = await openGallery(request, {
      decodeSize: decodeSizeOf(config.data.imageSize),
      channels: input.channels,
    });
    const tables = await extractFeatures({ network, source: gallery, augmentation: view });
    const cut = { after: null, head: "without", allBlocks: true } as const;
    await writeTfjsModel(trained, cut, join(out, "model"));
    await writeDemoPage(out);
    const places = tables[0]?.indices ?? new Uint32Array();
    const sampled = Array.from({ length: samples.size }, (_, index) => index);
    await writeDemoData(out, {
      gallery: await pictures(gallery, places, view, input),
      samples: await pictures(samples, sampled, view, input),
      size: config.data.imageSize,
      channels: input.channels,
      mean: input.mean,
      std: input.std,
      classNames: gallery.classNames,
      blocks: tables.map(({ id, raw: { dim, features } }) => ({ name: id, dim, features })),
      about: request.about ?? aboutRun(tables, input),
      source: request.credit ?? `Images: ${request.images}.`,
    });
    return { images: places.length, blocks: tables.map(({ id }) => id) };
  } finally {
    trained.network.dispose();
  }
}

function aboutRun(tables: readonly DepthTables[], { description }: InputRecord): string {
  const blocks = tables.length === 1 ? "one block" : `${tables.length} blocks, each by its own loss`;
  return `Trained in ${blocks}, without labels, on: ${description}`;
}

async function openGallery(
  { images, gallerySize, sampleCount, locations }: DemoRequest,
  options: { readonly decodeSize: number; readonly channels: 1 | 3 },
): Promise<{ readonly gallery: DataSourceV1; readonly samples: DataSourceV1 }> {
  const dataset = await openDataset(images, {
    ...downloadOptions(locations),
    digitsFrom: import.meta.url,
    images: {
      ...options,
      onCorrupt: "skip",
      maxBrokenShare: 1,
      storage: "auto",
      labels: "auto",
      allowEmptyClasses: true,
    },
  });
  const { train, test } = dataset.test === null ? splitSource(dataset.train, { holdOut: 0.1 }) : dataset;
  const [from, tried] = [train, test ?? train];
  return {
    gallery: subset(from, { count: Math.min(gallerySize, from.size) }),
    samples: subset(tried, { count: Math.min(sampleCount, tried.size) }),
  };
}

/** Images as the network sees them, before they are normalised. */
async function pictures(
  source: DataSourceV1,
  places: ArrayLike<number>,
  view: AugmentationV1,
  { channels, mean, std }: InputRecord,
): Promise<DemoPictures> {
  const { height, width } = view.shape;
  const out = new Float32Array(height * width * channels);
  const list: SquarePicture[] = [];
  for (const place of Array.from(places)) {
    view.doView({ image: await source.image(place), view: 0, random: generator(rootKey(0)), out });
    const bytes = Uint8ClampedArray.from(out, (value, at) => {
      const channel = at % channels;
      return 255 * (value * (std[channel] ?? 1) + (mean[channel] ?? 0));
    });
    list.push(new Uint8Array(bytes.buffer));
  }
  const { labels } = source;
  return {
    pictures: list,
    labels: labels === null ? null : Int32Array.from(Array.from(places), (place) => labels[place] ?? -1),
  };
}
