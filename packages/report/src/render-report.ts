import { renderPage } from "./page/page.js";
import type { ResultsV1 } from "./results-v1.js";
import { accuracySection } from "./section/accuracy.js";
import { collapseSection } from "./section/collapse.js";
import { corruptionsSection } from "./section/corruptions.js";
import { detailsSection } from "./section/details.js";
import { lossCurvesSection } from "./section/loss-curves.js";
import { onlineCurvesSection } from "./section/online-curves.js";
import { overviewSection } from "./section/overview.js";
import { similaritySection } from "./section/similarity.js";
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
  return renderPage({
    title: `Blockwise on ${results.dataset}`,
    header: overviewSection(results),
    main: [
      accuracySection(results),
      lossCurvesSection(results),
      onlineCurvesSection(results),
      collapseSection(results),
      corruptionsSection(results),
      similaritySection(results),
      timingsSection(results),
      detailsSection(results),
    ],
  });
}
