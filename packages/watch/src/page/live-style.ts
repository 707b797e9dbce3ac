import { seriesColors, styleSheet } from "@blockwise/report/drawing";

const marks = seriesColors.map((_, index) => `.mark-${index} { fill: var(--series-${index}); }`).join(" ");

/** The live page's style sheet: the report's, and what only a page that moves has. */
export const liveStyleSheet: string = `${styleSheet}
body { max-width: 68rem; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; justify-content: space-between; }
header h1 { margin: 0; }
header p { margin: 0; }
nav { flex-basis: 100%; }
a { color: var(--series-0); }
:is(a, button, input, figure):focus-visible { outline: 3px solid var(--series-0); outline-offset: 2px; }
.live { display: flex; gap: .75rem; align-items: center; color: var(--muted); font-size: .9rem; }
.live [role="status"] { min-width: 5rem; text-align: right; }
button {
  font: inherit; color: var(--text); background: var(--panel); cursor: pointer;
  border: 1px solid var(--line); border-radius: .4rem; padding: .3rem .8rem; min-height: 2.25rem;
}
section:empty { display: none; }
.state { font-size: 1.1rem; margin-top: 1.25rem; }
.badge {
  display: inline-block; padding: .05rem .6rem; border-radius: 1rem; font-weight: 600; font-size: .95rem;
  border: 1.5px solid currentColor; color: var(--muted); margin-right: .4rem;
}
.badge.running { color: var(--series-0); }
.badge.finished { color: var(--series-3); }
.badge.silent, .badge.stopped { color: var(--series-1); }
progress { display: block; width: 100%; height: .6rem; margin: .5rem 0 0; accent-color: var(--series-0); appearance: none; border: 0; border-radius: .3rem; overflow: hidden; background: var(--line); color: var(--series-0); }
progress::-webkit-progress-bar { background: var(--line); }
progress::-webkit-progress-value { background: var(--series-0); }
progress::-moz-progress-bar { background: var(--series-0); }
.runs { margin-top: 1.25rem; }
.runs :is(td, th[scope="row"]) { white-space: nowrap; }
td progress { min-width: 5rem; margin: 0; }
.tiles { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: .75rem; margin: 1rem 0 1.25rem; }
.tiles div { background: var(--panel); border-radius: .5rem; padding: .6rem .8rem; }
.tiles dt { font-size: .85rem; }
.tiles dd { font-size: 1.35rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.halves { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0 2rem; }
.halves figure { margin: .5rem 0 1.25rem; }
.halves figcaption small { min-height: 2.9em; }
figure[data-chart] { position: relative; }
figure[data-chart] .chart { cursor: crosshair; touch-action: pan-y; }
.chart { position: relative; }
.readout-line { position: absolute; width: 1px; background: var(--text); opacity: .6; pointer-events: none; }
.readout {
  display: flex; flex-wrap: wrap; gap: 0 1rem; min-height: 1.5em; margin: .1rem 0 0; font-size: .88rem;
  font-variant-numeric: tabular-nums;
}
.readout span { white-space: nowrap; }
.readout i { display: inline-block; width: .7em; height: .7em; border-radius: 50%; margin-right: .35em; }
${seriesColors.map((_, index) => `.readout .series-${index} { background: var(--series-${index}); }`).join(" ")}
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .5rem 1.25rem; }
.panel { margin: .5rem 0; }
.panel svg { display: block; width: 100%; background: var(--panel); border-radius: .5rem; margin-top: .35rem; }
.panel path { fill-opacity: .8; }
${marks}
.moment { display: flex; flex-wrap: wrap; gap: .3rem .75rem; align-items: center; }
.moment input { flex: 1 1 10rem; max-width: 24rem; min-height: 1.75rem; accent-color: var(--series-0); }
.moment output { min-width: 4ch; font-weight: 600; font-variant-numeric: tabular-nums; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; list-style: none; padding: 0; margin: .75rem 0; }
.legend li { display: flex; align-items: center; gap: .4rem; }
.legend svg { width: .95rem; height: .95rem; }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(10.5rem, 1fr)); gap: 1rem; }
.pair { margin: 0; }
.pair div { display: grid; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); gap: .3rem; }
.pair img { width: 100%; height: auto; image-rendering: pixelated; border-radius: .25rem; background: var(--panel); }
.pair figcaption { font-weight: 400; font-size: .9rem; color: var(--muted); margin: .2rem 0 0; }
.static .moment input { display: none; }
@media (max-width: 40rem) {
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .halves { grid-template-columns: minmax(0, 1fr); }
  .halves figcaption small { min-height: 0; }
  .panels { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .5rem .75rem; }
  .panel figcaption small { font-size: .8rem; }
  .pairs { grid-template-columns: repeat(2, minmax(0, 1fr)); }
}
@media (prefers-reduced-motion: no-preference) { progress::-webkit-progress-value { transition: width .4s; } }
`;
