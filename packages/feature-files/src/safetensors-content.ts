import type { SafetensorsContent, SafetensorsEntry } from "@blockwise/safetensors";
import type { FeatureRows } from "./feature-rows.js";

/**
 * Each table as F32 `[images, width]`; `labels`, I32 `[images]`, and `names`, U8: UTF-8 with a zero byte between two
 * names, where there are any. Class names are metadata.
 */
export function safetensorsContent(
  { count, tables, names, labels, classNames }: FeatureRows,
  metadata: Readonly<Record<string, string>>,
): SafetensorsContent {
  const tensors = tables.map(({ name, dim, features }): [string, SafetensorsEntry] => [
    name,
    { dtype: "F32", shape: [count, dim], data: features },
  ]);
  if (labels !== null) tensors.push(["labels", { dtype: "I32", shape: [count], data: labels }]);
  if (names !== null) {
    const data = new TextEncoder().encode(names.join("\0"));
    tensors.push(["names", { dtype: "U8", shape: [data.length], data }]);
  }
  return {
    tensors,
    metadata: { ...metadata, ...(classNames === null ? {} : { classNames: JSON.stringify(classNames) }) },
  };
}
