import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { parse } from "parse5";

/** Elements whose addresses a browser fetches by itself, and the attribute. */
const fetched = { script: "src", img: "src", source: "src", iframe: "src", video: "src", audio: "src" };

/**
 * Looks through a built site: links and anchors have to lead somewhere, external ones have to be https addresses (they
 * are not opened), and nothing may be fetched from other hosts.
 *
 * @param {string} folder
 * @param {string} base where the site will lie, "/" or "/name/"
 * @returns {{ problems: string[], pages: number, links: number }}
 */
export function checkLinks(folder, base) {
  const files = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".html"));
  const pages = new Map(files.map((name) => [name, readPage(readFileSync(join(folder, name), "utf8"))]));
  const problems = [];
  let links = 0;
  for (const [name, { hrefs, requests }] of pages) {
    for (const address of requests) {
      if (/^([a-z]+:)?\/\//i.test(address)) problems.push(`${name} fetches ${address}`);
    }
    for (const href of hrefs) {
      links += 1;
      const problem = problemOf(href, name, { folder, base, pages });
      if (problem !== null) problems.push(`${name}: ${href} ${problem}`);
    }
  }
  for (const style of readdirSync(folder, { recursive: true }).map(String)) {
    if (!style.endsWith(".css")) continue;
    const [external] =
      /(url\(["']?|@import ["'])(https?:)?\/\/[^)"']+/.exec(readFileSync(join(folder, style), "utf8")) ?? [];
    if (external !== undefined) problems.push(`${style} fetches ${external}`);
  }
  return { problems, pages: pages.size, links };
}

function problemOf(href, page, { folder, base, pages }) {
  if (/^[a-z]+:/i.test(href)) {
    if (href.startsWith("mailto:")) return null;
    const isAddress = URL.canParse(href) && new URL(href).protocol === "https:";
    return isAddress ? null : "is no https address";
  }
  const { pathname, hash } = new URL(href, `https://site${base}${page.replaceAll("\\", "/")}`);
  if (!pathname.startsWith(base)) return `leads out of ${base}`;
  const file = decodeURIComponent(pathname.slice(base.length));
  const found = [file, `${file}.html`, join(file, "index.html")].find((one) => {
    const path = join(folder, one);
    return existsSync(path) && statSync(path).isFile();
  });
  if (found === undefined) return "leads nowhere";
  const anchor = decodeURIComponent(hash.slice(1));
  const target = pages.get(relative(".", found));
  if (anchor === "" || target === undefined) return null;
  return target.ids.has(anchor) ? null : "leads to no such place in the page";
}

function readPage(html) {
  const ids = new Set();
  const hrefs = [];
  const requests = [];
  const visit = (node) => {
    const attributes = Object.fromEntries((node.attrs ?? []).map(({ name, value }) => [name, value]));
    if (attributes.id !== undefined) ids.add(attributes.id);
    if (node.tagName === "a" && attributes.href !== undefined) hrefs.push(attributes.href);
    if (node.tagName === "link" && attributes.rel !== "canonical") requests.push(attributes.href ?? "");
    const source = attributes[fetched[node.tagName]];
    if (source !== undefined) requests.push(source);
    for (const child of node.childNodes ?? []) visit(child);
  };
  visit(parse(html));
  return { ids, hrefs, requests };
}
