import { type Html, html, trustedHtml } from "./html.js";
import { styleSheet } from "./style.js";

/** A page that stands alone: no script, no request, whatever the names and paths in it hold. */
export function renderPage(page: {
  readonly title: string;
  readonly header: Html;
  readonly main: readonly Html[];
}): string {
  const { title, header, main } = page;
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${trustedHtml(styleSheet)}</style>
</head>
<body>
<header>
${header}
</header>
<main>
${main.map((part) => html`${part}\n`)}</main>
</body>
</html>
`.markup;
}
