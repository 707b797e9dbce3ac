import { createHash } from "node:crypto";
import { type Header, pack } from "tar-stream";

/** A tar archive in memory: files by name, or headers of any kind. */
export async function tarOf(
  entries: readonly (readonly [string | (Partial<Header> & Pick<Header, "name">), (Uint8Array | string)?])[],
): Promise<Buffer> {
  const archive = pack();
  for (const [header, contents] of entries) {
    const stated = typeof header === "string" ? { name: header } : header;
    if (contents === undefined) archive.entry(stated);
    else archive.entry(stated, contents);
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

/** Records in CIFAR's format: pixel value = record number + 10 * plane, labels as given. */
export function cifarRecords(labels: readonly (readonly number[])[]): Buffer {
  return Buffer.concat(
    labels.map((record, place) =>
      Buffer.concat([
        Buffer.from(record),
        Buffer.alloc(1024, place),
        Buffer.alloc(1024, place + 10),
        Buffer.alloc(1024, place + 20),
      ]),
    ),
  );
}

/** An IDX file of unsigned bytes. */
export function idxOf(shape: readonly number[], values: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = 8;
  header[3] = shape.length;
  for (const [axis, length] of shape.entries()) header.writeUInt32BE(length, 4 + 4 * axis);
  return Buffer.concat([header, values]);
}
