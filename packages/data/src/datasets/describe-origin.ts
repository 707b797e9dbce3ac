/** A file's origin in words that end a description: "from the cache", "downloaded from https://…". */
export function describeOrigin(origin: string): string {
  return origin === "cache" ? "from the cache" : `downloaded from ${origin}`;
}
