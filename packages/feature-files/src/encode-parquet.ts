import { ByteWriter, type ColumnSource, ParquetWriter } from "hyparquet-writer";
import type { FeatureRows, NamedTable } from "./feature-rows.js";

/** Numbers that are taken apart at a time: the writer wants each as an object of its own. */
const numbersAtOnce = 2 ** 20;

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]["schema"][number];

/**
 * The bytes of a Parquet file: `name`, `label` and `class`, those that there are, and a list of float32 for each table.
 * Features are not compressed: they hardly would be.
 */
export function encodeParquet(rows: FeatureRows, metadata: Readonly<Record<string, string>>): Uint8Array {
  const { count, tables, names, labels, classNames } = rows;
  const scalars = [
    ...(names === null ? [] : [text("name")]),
    ...(labels === null ? [] : [{ name: "label", type: "INT32", repetition_type: "REQUIRED" } as const]),
    ...(labels === null || classNames === null ? [] : [text("class")]),
  ];
  const writer = new ByteWriter();
  const parquet = new ParquetWriter({
    writer,
    schema: [
      { name: "root", num_children: scalars.length + tables.length },
      ...scalars,
      ...tables.flatMap(({ name }) => listOfNumbers(name)),
    ],
    kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    createdBy: "blockwise",
  });
  const width = tables.reduce((sum, { dim }) => sum + dim, 0);
  const step = Math.max(1, Math.floor(numbersAtOnce / Math.max(1, width)));
  for (let start = 0; start < count; start += step) {
    const end = Math.min(count, start + step);
    const columnData: ColumnSource[] = [];
    if (names !== null) columnData.push({ name: "name", data: names.slice(start, end) });
    if (labels !== null) columnData.push({ name: "label", data: labels.slice(start, end) });
    if (labels !== null && classNames !== null) {
      const data = Array.from(labels.subarray(start, end), (label) => classNames[label] ?? "");
      columnData.push({ name: "class", data });
    }
    for (const table of tables) columnData.push(featureColumn(table, start, end));
    parquet.write({ columnData, rowGroupSize: step });
  }
  parquet.finish();
  return writer.getBytes();
}

function featureColumn({ name, dim, features }: NamedTable, start: number, end: number): ColumnSource {
  const data = Array.from({ length: end - start }, (_, row) =>
    Array.from(features.subarray((start + row) * dim, (start + row + 1) * dim)),
  );
  return { name, data, codec: "UNCOMPRESSED", encoding: "PLAIN", statistics: false };
}

function text(name: string): SchemaElement {
  return {
    name,
    type: "BYTE_ARRAY",
    converted_type: "UTF8",
    logical_type: { type: "STRING" },
    repetition_type: "REQUIRED",
  };
}

function listOfNumbers(name: string): readonly SchemaElement[] {
  return [
    {
      name,
      num_children: 1,
      converted_type: "LIST",
      logical_type: { type: "LIST" },
      repetition_type: "REQUIRED",
    },
    { name: "list", num_children: 1, repetition_type: "REPEATED" },
    { name: "element", type: "FLOAT", repetition_type: "REQUIRED" },
  ];
}
