import { colorVariables } from "./palette.js";

/** The page's style sheet: light and dark, phone to desktop, and paper. */
export const styleSheet: string = `
:root { color-scheme: light dark; ${colorVariables("light")} }
@media (prefers-color-scheme: dark) { :root { ${colorVariables("dark")} } }
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 60rem;
  background: var(--background); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: anywhere;
}
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2.75rem 0 .75rem; padding-top: .75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
p { margin: .5rem 0; max-width: 46rem; }
.verdict { font-size: 1.15rem; }
.muted, caption, figcaption small { color: var(--muted); }
.warnings { background: var(--panel); border-left: 4px solid var(--series-1); padding: .5rem 1rem; margin: 1rem 0; }
.warnings ul { margin: .25rem 0; padding-left: 1.2rem; }
dl { display: grid; grid-template-columns: fit-content(45%) minmax(0, 1fr); gap: .2rem 1rem; margin: .5rem 0; }
dt { color: var(--muted); overflow-wrap: anywhere; }
dd { margin: 0; }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .9em; }
.scroll { overflow-x: auto; }
.scroll + .scroll { margin-top: 1.5rem; }
.scroll:focus-visible, summary:focus-visible { outline: 3px solid var(--series-0); outline-offset: 2px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; overflow-wrap: normal; }
caption { text-align: left; padding-bottom: .4rem; }
th, td { padding: .35rem .6rem; text-align: right; border-bottom: 1px solid var(--line); }
th[scope="row"], thead th:first-child, th[scope="rowgroup"] { text-align: left; font-weight: 500; }
thead th { color: var(--muted); font-weight: 500; vertical-align: bottom; }
tbody th[scope="rowgroup"] { padding-top: 1rem; font-weight: 650; }
.heat { display: block; margin: -.35rem -.6rem; padding: .35rem .6rem; background: color-mix(in srgb, var(--series-0) var(--heat), transparent); }
figure { margin: 1rem 0 1.5rem; break-inside: avoid; }
figcaption { font-weight: 600; margin-bottom: .25rem; }
figcaption small { display: block; font-weight: 400; font-size: .9rem; }
.chart svg { display: block; width: 100%; height: auto; pointer-events: none; }
.chart text { font-family: inherit !important; }
.narrow { display: none; }
details { margin-top: .5rem; }
summary { cursor: pointer; color: var(--muted); }
@media (max-width: 40rem) {
  .wide { display: none; }
  .narrow { display: block; }
  th, td { padding: .3rem .35rem; font-size: .88rem; }
  .heat { margin: -.3rem -.35rem; padding: .3rem .35rem; }
}
@media print {
  :root { color-scheme: light; ${colorVariables("light")} }
  body { max-width: none; padding: 0; }
  summary { display: none; }
  .scroll { overflow: visible; }
  h2, h3 { break-after: avoid; }
}
`;
