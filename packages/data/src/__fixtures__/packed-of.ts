import type { DataSourceV1, PackedImages } from "@blockwise/spec";

/** The packed images of a source. Fails for one that is stored. */
export function packedOf({ store }: DataSourceV1): PackedImages {
  if (store.kind !== "packed") throw new Error("The images are not packed");
  return store;
}
