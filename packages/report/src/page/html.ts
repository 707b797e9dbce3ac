/** Markup, as against text: only `html` and `trustedHtml` make it, so text cannot pass for it. */
export interface Html {
  /** The text of the markup, escaped where it has to be. */
  readonly markup: string;
}

/** What may stand in a template: text and numbers are escaped, markup is not. */
export type HtmlValue = string | number | Html | readonly HtmlValue[];

/**
 * Markup from a template whose values are escaped, as contents of elements and of quoted attributes.
 *
 * @example
 * html`<td title="${path}">${className}</td>`
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const parts = strings.map((text, index) => text + (index < values.length ? render(values[index]) : ""));
  return { markup: parts.join("") };
}

/** Markup that something else has escaped already: the charts' library. */
export function trustedHtml(markup: string): Html {
  return { markup };
}

function render(value: HtmlValue | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "string" || typeof value === "number") return escapeText(String(value));
  if ("markup" in value) return value.markup;
  return value.map(render).join("");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeText(text: string): string {
  return replaceControlCharacters(text).replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** Puts a replacement character where a document may not have the one that is there: control characters, halves of pairs. */
export function replaceControlCharacters(text: string): string {
  return text.replace(/(?![\t\n\r])[\p{Cc}\p{Cs}]/gu, "\uFFFD");
}
