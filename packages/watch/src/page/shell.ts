import { type Html, html } from "@blockwise/report/drawing";

/** A whole page around what it shows. */
export interface ShellOptions {
  readonly title: string;
  readonly heading: string;
  /** Over the page's parts: where it belongs to. */
  readonly navigation?: Html;
  /** The way from the page's address to the folder that all addresses begin at. */
  readonly base: string;
  /** The page's parts by name, which its script draws anew. */
  readonly sections: readonly { readonly name: string; readonly version: string; readonly content: Html }[];
}

/** A live page: whole as it is, and kept up to date by its script where there are scripts. */
export function renderShell({ title, heading, navigation, base, sections }: ShellOptions): string {
  return html`<!DOCTYPE html>
<html lang="en" class="static">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${base}live.css">
<script type="module" src="${base}live.js"></script>
</head>
<body>
<header>
${navigation ?? ""}
<h1>${heading}</h1>
<p class="live"><span role="status" id="connection"></span><button type="button" id="pause" aria-pressed="false" hidden>Pause</button></p>
</header>
<noscript><p class="muted">Scripts are off: reload the page for what is new.</p></noscript>
<main data-live>
${sections.map(({ name, version, content }) => html`<section id="part-${name}" data-part="${name}" data-version="${version}">${content}</section>\n`)}</main>
</body>
</html>
`.markup;
}

/** A page that says why there is nothing else, and what to do. */
export function renderRefusal(title: string, advice: string): string {
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
</head>
<body style="max-width: 40rem; margin: 15vh auto 0; padding: 0 1rem; font: 1.05rem/1.55 system-ui, sans-serif"><main><h1>${title}</h1><p>${advice}</p></main></body>
</html>
`.markup;
}
