import type { LayerValueV1 } from "@blockwise/spec";

/** How many operations read each value that a value is computed from. */
export function countUses(value: LayerValueV1): ReadonlyMap<LayerValueV1, number> {
  const uses = new Map<LayerValueV1, number>();
  const visit = (reader: LayerValueV1): void => {
    for (const input of inputsOf(reader)) {
      const seen = uses.get(input);
      uses.set(input, (seen ?? 0) + 1);
      if (seen === undefined) visit(input);
    }
  };
  visit(value);
  return uses;
}

function inputsOf(value: LayerValueV1): readonly LayerValueV1[] {
  if (value.operation === "input") return [];
  return value.operation === "add" ? value.inputs : [value.input];
}
