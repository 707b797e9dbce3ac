import type { StorageType } from "../storage-types.js";

/** A value that a pickle holds, as far as this reader knows any. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleList
  | PickleTuple
  | PickleDict
  | StorageReference
  | TensorReference
  | GlobalReference
  | Opaque;

/** A Python list. It may hold itself. */
export class PickleList {
  readonly items: PickleValue[] = [];
}

/** A Python tuple. */
export class PickleTuple {
  readonly items: readonly PickleValue[];

  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** A Python dict or OrderedDict. It may hold itself. */
export class PickleDict {
  readonly entries: Map<PickleValue, PickleValue> = new Map();
}

/** A run of values in the archive: the record `data/<key>`. */
export class StorageReference {
  readonly key: string;
  readonly type: StorageType;
  /** How many values it has. */
  readonly length: number;

  constructor(key: string, type: StorageType, length: number) {
    this.key = key;
    this.type = type;
    this.length = length;
  }
}

/** A view of a storage: value `[i, j]` lies at `offset + i strides[0] + j strides[1]`, which is inside of it. */
export class TensorReference {
  readonly storage: StorageReference;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(
    storage: StorageReference,
    offset: number,
    shape: readonly number[],
    strides: readonly number[],
  ) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** A Python class or function by name. It is never looked up or called. */
export class GlobalReference {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Something that was read past: no tensor is looked for in it. */
export class Opaque {
  /** The class or function that would have made it. */
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}
