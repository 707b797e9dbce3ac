import { createReadStream, createWriteStream } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { finished } from "node:stream/promises";
import { makeFolder } from "@blockwise/safetensors";
import { InvalidOptionError } from "@blockwise/spec";
import { extract, type Pack, pack } from "tar-stream";

/** What to write. */
export interface RepeatRequest {
  /** A tar archive, or a folder, of images in class folders. */
  readonly from: string;
  /** An empty folder, or one that is not there yet: it gets `folder/<class>/*` and `shards/images-*.tar`. */
  readonly out: string;
  /** Images in each of the two. */
  readonly count: number;
  readonly perShard: number;
}

interface NamedImage {
  readonly className: string;
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * Repeats some images until there are so many, once as class folders and once as tar shards with `.cls` members. Shards
 * take the classes in turn, as shuffled sets do.
 *
 * @throws InvalidOptionError for a source without images, or a place that is taken.
 */
export async function repeatImages({ from, out, count, perShard }: RepeatRequest): Promise<void> {
  const images = (await stat(from)).isDirectory() ? await fromFolder(from) : await fromTar(from);
  if (images.length === 0) {
    throw new InvalidOptionError({ option: "from", expected: "images in class folders", received: from });
  }
  const present = await readdir(out).catch(() => []);
  if (present.length > 0) {
    throw new InvalidOptionError({ option: "out", expected: "an empty folder", received: out });
  }
  const classNames = [...new Set(images.map(({ className }) => className))].sort();
  for (const name of classNames) await makeFolder(join(out, "folder", name));
  await makeFolder(join(out, "shards"));
  for (let first = 0; first < count; first += perShard) {
    const number = String(first / perShard).padStart(6, "0");
    const shard = await openShard(join(out, "shards", `images-${number}.tar`));
    for (let place = first; place < Math.min(count, first + perShard); place++) {
      const { className, name, bytes } = images[place % images.length] as NamedImage;
      const key = String(place).padStart(8, "0");
      await writeFile(join(out, "folder", className, `${key}_${name}`), bytes);
      shard.archive.entry({ name: `${key}.cls` }, String(classNames.indexOf(className)));
      shard.archive.entry({ name: `${key}${extname(name).toLowerCase()}` }, bytes);
    }
    await shard.end();
  }
}

async function openShard(path: string): Promise<{ readonly archive: Pack; end(): Promise<void> }> {
  const archive = pack();
  const written = finished(archive.pipe(createWriteStream(path)));
  return {
    archive,
    end: async () => {
      archive.finalize();
      await written;
    },
  };
}

const IMAGE = /\.(jpe?g|png|webp)$/i;

async function fromFolder(folder: string): Promise<readonly NamedImage[]> {
  const images: NamedImage[] = [];
  for (const className of (await readdir(folder)).sort()) {
    for (const name of (await readdir(join(folder, className))).sort()) {
      if (!IMAGE.test(name)) continue;
      images.push({ className, name, bytes: await readFile(join(folder, className, name)) });
    }
  }
  return images;
}

async function fromTar(path: string): Promise<readonly NamedImage[]> {
  const images: NamedImage[] = [];
  for await (const entry of createReadStream(path).pipe(extract())) {
    const parts = entry.header.name.split("/");
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    if (entry.header.type !== "file" || !IMAGE.test(entry.header.name)) continue;
    const className = parts.at(-2) ?? "images";
    images.push({ className, name: basename(entry.header.name), bytes: Buffer.concat(chunks) });
  }
  return images.sort((a, b) => (a.className + a.name < b.className + b.name ? -1 : 1));
}
