import type { Refusal } from "../refuse.js";
import { PickleTuple, type PickleValue, StorageReference, TensorReference } from "./values.js";

/** PyTorch itself allows 64; nothing that learns has so many. */
const mostAxes = 16;

/**
 * `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks)`: a view of a storage, which must lie
 * inside of it.
 */
export function rebuildTensor(args: readonly PickleValue[], refuse: Refusal): TensorReference {
  const [storage, offset, size, stride] = args;
  if (!(storage instanceof StorageReference)) return refuse.malformed("a tensor has no storage");
  const shape = counts(size);
  const strides = counts(stride);
  if (!isCount(offset) || shape === null || strides === null || shape.length !== strides.length) {
    return refuse.malformed(`a tensor of storage ${storage.key} has no valid offset, sizes and strides`);
  }
  if (shape.length > mostAxes) return refuse.malformed(`a tensor has ${shape.length} axes`);
  const isEmpty = shape.includes(0);
  const last = shape.reduce((place, length, axis) => place + (length - 1) * (strides[axis] ?? 0), offset);
  if (!isEmpty && !(last < storage.length)) {
    return refuse.malformed(
      `a tensor of shape [${shape.join(", ")}] reaches value ${last} of storage ${storage.key}, which has ${storage.length}`,
    );
  }
  const valueCount = shape.reduce((product, length) => product * length, storage.type.valueBytes);
  if (!Number.isSafeInteger(valueCount)) return refuse.malformed("a tensor's size cannot be counted");
  return new TensorReference(storage, offset, shape, strides);
}

function counts(value: PickleValue | undefined): readonly number[] | null {
  if (!(value instanceof PickleTuple)) return null;
  const { items } = value;
  return items.every(isCount) ? items : null;
}

/** Whether a value is a whole number from 0 on that doubles count exactly. */
export function isCount(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
