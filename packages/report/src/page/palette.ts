/** A colour in the light and in the dark scheme. */
export interface ColorPair {
  /** In the light scheme, as CSS writes it. */
  readonly light: string;
  /** In the dark scheme, as CSS writes it. */
  readonly dark: string;
}

/** The page's colours by the name of their CSS variable; a test holds their contrast. */
export const pageColors: Readonly<Record<"background" | "panel" | "text" | "muted" | "line", ColorPair>> = {
  background: { light: "#ffffff", dark: "#14171c" },
  panel: { light: "#f5f6f8", dark: "#1d2128" },
  text: { light: "#1a1d21", dark: "#e9ecf0" },
  muted: { light: "#545b66", dark: "#a9b1bc" },
  line: { light: "#d5d9df", dark: "#3a414b" },
};

/** The charts' colours, in the order in which series take them; never the only thing that tells two apart. */
export const seriesColors: readonly ColorPair[] = [
  { light: "#1f5fbf", dark: "#7ab0ff" },
  { light: "#b45309", dark: "#f5a95b" },
  { light: "#57606c", dark: "#b4bdc9" },
  { light: "#0f766e", dark: "#5fd0c0" },
  { light: "#9d174d", dark: "#f28bb5" },
  { light: "#6d28d9", dark: "#b79cf9" },
  { light: "#4d7c0f", dark: "#a3d14f" },
  { light: "#0e7490", dark: "#63cfe6" },
];

/** The declarations of all colours for one scheme. */
export function colorVariables(scheme: keyof ColorPair): string {
  const page = Object.entries(pageColors).map(([name, pair]) => `--${name}: ${pair[scheme]};`);
  const series = seriesColors.map((pair, index) => `--series-${index}: ${pair[scheme]};`);
  return [...page, ...series].join(" ");
}
