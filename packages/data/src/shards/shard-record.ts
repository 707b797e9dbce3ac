import { indexTar, type ReadMember, type TarMember } from "../formats/tar-index.js";
import { IMAGE_NAME } from "../images/decode-image.js";
import { isHidden } from "../images/image-tar.js";

/** The images of one shard, in their order, and what is said about them. */
export interface ShardRecord {
  /** Size and last change of the shard, in bytes and milliseconds. */
  readonly stamp: readonly [size: number, mtimeMs: number];
  /** Paths in the archive. */
  readonly names: readonly string[];
  readonly offsets: readonly number[];
  readonly lengths: readonly number[];
  /** What a `.cls` or `.json` member of the same sample says; null where none does. */
  readonly labels: readonly (string | null)[];
  readonly folders: readonly string[];
}

/**
 * Lists the images of a shard and reads their labels. Members whose paths are the same up to the first dot of the file's
 * name are one sample: `000123.jpg`, `000123.cls`, `000123.json`. A `.cls` member is the label; of a `.json` member it is
 * the field `cls`, `label` or `class`, the first that is there.
 *
 * @throws DataSourceError, MalformedFileError as `indexTar`.
 * @see WebDataset, "The WebDataset Format"
 */
export async function recordShard(path: string): Promise<ShardRecord> {
  const images: TarMember[] = [];
  const labels = new Map<string, string>();
  const { stamp, folders } = await indexTar(path, async (member, read) => {
    const { name } = member;
    if (isHidden(name)) return;
    if (IMAGE_NAME.test(name)) images.push(member);
    const label = await readLabel(member, read);
    // A plain label goes before one among other things.
    if (label !== null && (name.endsWith(".cls") || !labels.has(sampleOf(name)))) {
      labels.set(sampleOf(name), label);
    }
  });
  return {
    stamp,
    names: images.map(({ name }) => name),
    offsets: images.map(({ offset }) => offset),
    lengths: images.map(({ size }) => size),
    labels: images.map(({ name }) => labels.get(sampleOf(name)) ?? null),
    folders,
  };
}

function sampleOf(name: string): string {
  const dot = name.indexOf(".", name.lastIndexOf("/") + 1);
  return dot < 0 ? name : name.slice(0, dot);
}

const MAX_LABEL_BYTES = 2 ** 20;

async function readLabel(member: TarMember, read: ReadMember): Promise<string | null> {
  const isClass = member.name.endsWith(".cls");
  if ((!isClass && !member.name.endsWith(".json")) || member.size > MAX_LABEL_BYTES) return null;
  const text = (await read(member)).toString().trim();
  return isClass ? text : labelInJson(text);
}

function labelInJson(text: string): string | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const fields = new Map(Object.entries(value));
  const label: unknown = ["cls", "label", "class"].map((key) => fields.get(key)).find(isLabel);
  return label === undefined ? null : String(label);
}

function isLabel(value: unknown): boolean {
  return typeof value === "string" || Number.isInteger(value);
}
