import { html, trustedHtml } from "./page/html.js";
import { styleSheet } from "./page/style.js";
import type { ResultsV1 } from "./results-v1.js";
import { accuracySection } from "./section/accuracy.js";
import { collapseSection } from "./section/collapse.js";
import { detailsSection } from "./section/details.js";
import { lossCurvesSection } from "./section/loss-curves.js";
import { overviewSection } from "./section/overview.js";
import { timingsSection } from "./section/timings.js";
import { requireKnownSchema } from "./summary.js";

/**
 * The results as a page that stands alone: no script, no request, readable from phone to paper, in light and
 * dark. The same results give the same page. Names and paths in the results are text, whatever they contain.
 *
 * @returns the text of an HTML file
 * @throws InvalidOptionError where the results are of another schema than 1.
 * @example
 * await writeFile("report.html", renderReport(results));
 */
export function renderReport(results: ResultsV1): string {
  requireKnownSchema(results);
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Blockwise on ${results.dataset}</title>
<style>${trustedHtml(styleSheet)}</style>
</head>
<body>
<header>
${overviewSection(results)}
</header>
<main>
${accuracySection(results)}
${lossCurvesSection(results)}
${collapseSection(results)}
${timingsSection(results)}
${detailsSection(results)}
</main>
</body>
</html>
`.markup;
}
