import {
  PickleDict,
  PickleList,
  PickleTuple,
  type PickleValue,
  type StorageReference,
  TensorReference,
} from "./pickle/values.js";
import { quote, type Refusal } from "./refuse.js";

/** Deeper than any checkpoint, and far from the end of the call stack. */
const mostLevels = 64;
/** What is looked at: lists may hold the same list many times over, each time under another name. */
const mostVisits = 1_000_000;
/** Of all names together, in characters: the same long key may be part of many. */
const mostText = 2 ** 24;

/**
 * Finds the tensors in a value, named by the way to them, joined by dots: `model.conv1.weight` in
 * `{"model": {"conv1.weight": …}}`, `0.weight` in `[{"weight": …}]`; a value that is one tensor is called `tensor`.
 *
 * @throws MalformedFileError for values nested too deep (or in themselves), or where two tensors have the same name
 */
export function collectTensors(root: PickleValue, refuse: Refusal): ReadonlyMap<string, TensorReference> {
  const found = new Map<string, TensorReference>();
  let visits = 0;
  let text = 0;
  const visit = (value: PickleValue, path: readonly string[]): void => {
    visits += 1;
    if (visits > mostVisits) refuse.malformed(`it holds more than ${mostVisits} values, counted by name`);
    if (value instanceof TensorReference) {
      text += path.reduce((length, key) => length + key.length + 1, 0);
      if (text > mostText) refuse.malformed("the names of its tensors fill more than 16 MB");
      const name = path.join(".") || "tensor";
      if (found.has(name)) refuse.malformed(`two of its tensors are called ${quote(name)}`);
      found.set(name, value);
      return;
    }
    const items = itemsOf(value);
    if (items === null) return;
    if (path.length >= mostLevels) refuse.malformed(`its values are nested more than ${mostLevels} deep`);
    for (const [key, item] of items) visit(item, [...path, key]);
  };
  visit(root, []);
  requireSameStorages([...found.values()], refuse);
  return found;
}

function itemsOf(value: PickleValue): Iterable<readonly [string, PickleValue]> | null {
  if (value instanceof PickleDict) {
    return Array.from(value.entries, ([key, item], place): readonly [string, PickleValue] => [
      keyText(key, place),
      item,
    ]);
  }
  if (value instanceof PickleList || value instanceof PickleTuple)
    return value.items.map((item, place): readonly [string, PickleValue] => [String(place), item]);
  return null;
}

/** Keys that are neither texts nor numbers go by their place. */
function keyText(key: PickleValue, place: number): string {
  return typeof key === "string" || typeof key === "number" || typeof key === "bigint"
    ? String(key)
    : `#${place}`;
}

/** The same storage cannot be of two kinds. */
function requireSameStorages(tensors: readonly TensorReference[], refuse: Refusal): void {
  const storages = new Map<string, StorageReference>();
  for (const { storage } of tensors) {
    const known = storages.get(storage.key) ?? storage;
    if (known.type !== storage.type || known.length !== storage.length)
      refuse.malformed(`its storage ${quote(storage.key)} is described in two ways`);
    storages.set(storage.key, known);
  }
}
