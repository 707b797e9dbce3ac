import { describe, expect, it } from "vitest";
import { mostHeat } from "./heat-cell.js";
import { pageColors, seriesColors } from "./palette.js";

/** Contrast ratio of two colours, by the Web Content Accessibility Guidelines 2.2. */
function contrast(one: string, other: string): number {
  const [bright = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (bright + 0.05) / (dark + 0.05);
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((start) => Number.parseInt(color.slice(start, start + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

describe.each(["light", "dark"] as const)("the %s colours", (scheme) => {
  it("have black on white as the greatest contrast there is", () => {
    expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 6);
  });

  it.each(["text", "muted"] as const)("show %s at a contrast of at least 4.5", (name) => {
    for (const ground of ["background", "panel"] as const) {
      expect(contrast(pageColors[name][scheme], pageColors[ground][scheme])).toBeGreaterThanOrEqual(4.5);
    }
  });

  it("show text on the strongest ground of a heat map at a contrast of at least 4.5", () => {
    const share = mostHeat / 100;
    const parts = (color: string): readonly number[] =>
      [1, 3, 5].map((start) => Number.parseInt(color.slice(start, start + 2), 16));
    const heat = parts(seriesColors[0]?.[scheme] ?? "");
    const ground = parts(pageColors.background[scheme]).map((part, index) =>
      Math.round((1 - share) * part + share * (heat[index] ?? 0))
        .toString(16)
        .padStart(2, "0"),
    );
    expect(contrast(pageColors.text[scheme], `#${ground.join("")}`)).toBeGreaterThanOrEqual(4.5);
  });

  it("show lines of charts at a contrast of at least 3, in colours that differ", () => {
    for (const color of seriesColors) {
      expect(contrast(color[scheme], pageColors.background[scheme])).toBeGreaterThanOrEqual(3);
    }
    expect(new Set(seriesColors.map((color) => color[scheme])).size).toBe(seriesColors.length);
  });
});
