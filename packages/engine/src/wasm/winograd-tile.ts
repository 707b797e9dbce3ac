/** Outputs of a tile along each axis, as in `assembly/winograd-transforms.ts`. */
export const TILE = 4;

/** Elements of a transformed tile, 6 x 6. */
export const PLACES = 36;

/** Bytes between places, whose distance would be a power of two without them, so that all would share a few sets of the cache. */
export const GAP = 64;
