/** Rows under a title of their own. */
export interface TextTableSection {
  readonly title: string;
  readonly rows: readonly (readonly string[])[];
}

/** Sections of a plain-text table whose columns are as wide in all of them; the first column is aligned left. */
export function formatTextTable(head: readonly string[], sections: readonly TextTableSection[]): string {
  const widths = head.map((name, column) =>
    Math.max(name.length, ...sections.flatMap(({ rows }) => rows.map((row) => row[column]?.length ?? 0))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return sections.map(({ title, rows }) => [title, line(head), ...rows.map(line)].join("\n")).join("\n\n");
}
