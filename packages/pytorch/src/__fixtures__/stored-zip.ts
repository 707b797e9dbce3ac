/** What a test may say wrongly of a record. */
export interface ZipRecord {
  readonly name: string;
  readonly data: Uint8Array;
  /** What the archive claims. @default the truth */
  readonly claimedSize?: number;
  /** @default 0, stored as it is */
  readonly method?: number;
  /** @default where the record is */
  readonly claimedOffset?: number;
}

/** A zip archive of records that are stored as they are, without checksums. */
export function storedZip(records: readonly ZipRecord[], claimedCount: number = records.length): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, data, claimedSize = data.byteLength, method = 0, claimedOffset } of records) {
    const file = Buffer.from(name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(claimedSize >>> 0, 18);
    local.writeUInt32LE(claimedSize >>> 0, 22);
    local.writeUInt16LE(file.byteLength, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(method, 10);
    central.writeUInt32LE(claimedSize >>> 0, 20);
    central.writeUInt32LE(claimedSize >>> 0, 24);
    central.writeUInt16LE(file.byteLength, 28);
    central.writeUInt32LE((claimedOffset ?? offset) >>> 0, 42);
    directory.push(central, file);
    parts.push(local, file, Buffer.from(data));
    offset += local.byteLength + file.byteLength + data.byteLength;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(claimedCount & 0xffff, 8);
  end.writeUInt16LE(claimedCount & 0xffff, 10);
  end.writeUInt32LE(listing.byteLength, 12);
  end.writeUInt32LE(offset, 16);
  return new Uint8Array(Buffer.concat([...parts, listing, end]));
}
