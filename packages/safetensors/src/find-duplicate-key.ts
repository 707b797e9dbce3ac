/**
 * Finds a key that some object in `json` has twice, which `JSON.parse` lets pass; null where there is none.
 * `json` must be valid JSON. It does not recurse, so that depth costs no stack.
 */
export function findDuplicateKey(json: string): string | null {
  const keysOfOpenObjects: Set<string>[] = [];
  let lastString = "";
  let position = 0;
  while (position < json.length) {
    const character = json[position];
    const start = position;
    position += 1;
    if (character === '"') {
      position = endOfString(json, start);
      lastString = json.slice(start, position);
    } else if (character === "{") {
      keysOfOpenObjects.push(new Set());
    } else if (character === "}") {
      keysOfOpenObjects.pop();
    } else if (character === ":") {
      const key = String(JSON.parse(lastString));
      const keys = keysOfOpenObjects.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return null;
}

/** The place behind the text that begins at `start`. */
export function endOfString(json: string, start: number): number {
  let position = start + 1;
  while (position < json.length && json[position] !== '"') position += json[position] === "\\" ? 2 : 1;
  return position + 1;
}
