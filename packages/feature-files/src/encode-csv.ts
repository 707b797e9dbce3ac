import type { FeatureRows } from "./feature-rows.js";

/** What each row is of, as CSV with a header (RFC 4180, UTF-8): `name`, `label` and `class`, those that there are. */
export function encodeCsv({ count, names, labels, classNames }: FeatureRows): Uint8Array {
  const columns: (readonly [string, (row: number) => string])[] = [];
  if (names !== null) columns.push(["name", (row) => names[row] ?? ""]);
  if (labels !== null) columns.push(["label", (row) => String(labels[row])]);
  if (labels !== null && classNames !== null) {
    columns.push(["class", (row) => classNames[labels[row] ?? -1] ?? ""]);
  }
  if (columns.length === 0) columns.push(["row", (row) => String(row)]);
  const lines = [columns.map(([title]) => title)];
  for (let row = 0; row < count; row++) lines.push(columns.map(([, value]) => value(row)));
  const text = lines.map((line) => `${line.map(quoted).join(",")}\r\n`).join("");
  return new TextEncoder().encode(text);
}

function quoted(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
