import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { liveStyleSheet } from "../page/live-style.js";
import { renderRefusal } from "../page/shell.js";
import { describeRefusal, type JudgedRequest, judgeRequest } from "./judge-request.js";
import { type Route, routeOf } from "./route.js";
import type { RunBook } from "./run-book.js";

/** What goes back. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const types = {
  html: "text/html; charset=utf-8",
  script: "text/javascript; charset=utf-8",
  style: "text/css; charset=utf-8",
  json: "application/json; charset=utf-8",
  png: "image/png",
};

/** On every answer: nothing from elsewhere, nowhere else, in no frame, and nothing kept. */
const safety: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cache-control": "private, no-cache",
};

/** Answers a request: what it asks for, or why not. */
export async function answerRequest(
  request: JudgedRequest,
  book: RunBook,
  server: { readonly port: number; readonly token: string },
): Promise<Answer> {
  const judgement = judgeRequest(request, server);
  if (judgement.kind === "refused") {
    const { title, advice } = describeRefusal(judgement.reason);
    const more: Record<string, string> = judgement.reason === "method" ? { allow: "GET, HEAD" } : {};
    return answer(judgement.status, types.html, renderRefusal(title, advice), more);
  }
  const { path, query, token } = judgement;
  const route = routeOf(path, query);
  const found = route === null ? null : await follow(route, book, `/${token}${path}`);
  if (found === null) {
    const advice =
      "There is nothing at this address. The run may have been moved: begin at the address that blockwise watch printed.";
    return answer(404, types.html, renderRefusal("Nothing here", advice));
  }
  const tag = found.headers.etag;
  if (tag !== undefined && request.headersDistinct["if-none-match"]?.[0] === tag) {
    return { status: 304, headers: found.headers, body: Buffer.alloc(0) };
  }
  return found;
}

async function follow(route: Route, book: RunBook, address: string): Promise<Answer | null> {
  switch (route.kind) {
    case "slash":
      return goTo(`${address}/`);
    case "top":
      return followTop(route.what, book, address);
    case "runs":
      return answer(200, types.html, (await book.list()).markup);
    case "picture": {
      const bytes = await (await book.page(route.id))?.reader.picture(route.image, route.view);
      return bytes == null ? null : answer(200, types.png, bytes);
    }
    case "section": {
      const markup = await (await book.page(route.id))?.section(route.name, route.at);
      return markup == null ? null : answer(200, types.html, markup);
    }
    case "run": {
      const page = await book.page(route.id);
      if (page === null) return null;
      if (route.what === "state") return answer(200, types.json, JSON.stringify(await page.state()));
      return answer(200, types.html, await page.page((await book.find()).isOne));
    }
  }
}

async function followTop(
  what: Extract<Route, { readonly kind: "top" }>["what"],
  book: RunBook,
  address: string,
): Promise<Answer> {
  if (what === "style") return answer(200, types.style, liveStyleSheet);
  if (what === "script") return answer(200, types.script, await liveScript());
  const { isOne, runs } = await book.find();
  const [only] = runs;
  if (what === "state") {
    // A folder that was empty has become a run.
    if (isOne) return answer(200, types.json, JSON.stringify({ reload: true }));
    const { version } = await book.list();
    return answer(200, types.json, JSON.stringify({ word: "", parts: { runs: version } }));
  }
  if (isOne && only !== undefined) return goTo(`${address}runs/${only.id}/`);
  return answer(200, types.html, await book.overview());
}

/** The page's script lies beside the program, in its sources and where it is built. */
async function liveScript(): Promise<Buffer> {
  const here = new URL("./live-page.js", import.meta.url);
  return readFile(here).catch(() => readFile(new URL("../page/live-page.js", import.meta.url)));
}

function goTo(address: string): Answer {
  return answer(303, types.html, "", { location: address });
}

function answer(
  status: number,
  type: string,
  body: string | Buffer,
  more: Readonly<Record<string, string>> = {},
): Answer {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const tag = createHash("sha256").update(bytes).digest("base64url").slice(0, 22);
  const headers = {
    ...safety,
    "content-type": type,
    "content-length": String(bytes.length),
    ...(status === 200 ? { etag: `"${tag}"` } : {}),
    ...more,
  };
  return { status, headers, body: bytes };
}
