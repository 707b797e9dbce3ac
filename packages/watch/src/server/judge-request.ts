import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** A request's place below the token, or why it is refused. */
export type Judgement =
  | { readonly kind: "path"; readonly path: string; readonly query: string; readonly token: string }
  | { readonly kind: "refused"; readonly status: 400 | 403 | 405 | 414; readonly reason: Refusal };

/** Why a request is refused. */
export type Refusal = "address" | "host" | "length" | "method" | "origin" | "token" | "body";

/** What a request is judged by. */
export type JudgedRequest = Pick<IncomingMessage, "method" | "url" | "headersDistinct">;

const longestUrl = 512;
const hostNames = ["127.0.0.1", "localhost"];

/**
 * Judges a request by its method, address and headers alone: it has to be a `GET` or `HEAD` without a body, to this machine by
 * one of its own names (a name of somebody else's that leads here is how foreign pages reach local servers), from no page of
 * another origin, with the token as the first part of its path. Nothing in the address is decoded: no address of this server
 * has anything to decode.
 */
export function judgeRequest(
  request: JudgedRequest,
  server: { readonly port: number; readonly token: string },
): Judgement {
  const { method, url = "", headersDistinct: headers } = request;
  if (method !== "GET" && method !== "HEAD") return refused(405, "method");
  if (url.length > longestUrl) return refused(414, "length");
  const hosts = headers.host ?? [];
  const own = hostNames.map((name) => `${name}:${server.port}`);
  if (hosts.length !== 1 || !own.includes(hosts[0] ?? "")) return refused(403, "host");
  const origins = headers.origin ?? [];
  if (origins.length > 1 || !origins.every((origin) => own.some((host) => origin === `http://${host}`))) {
    return refused(403, "origin");
  }
  const site = headers["sec-fetch-site"]?.[0] ?? "none";
  const isVisit = headers["sec-fetch-mode"]?.[0] === "navigate";
  if (!isVisit && site !== "none" && site !== "same-origin") return refused(403, "origin");
  if ("transfer-encoding" in headers || (headers["content-length"]?.[0] ?? "0") !== "0")
    return refused(400, "body");
  const parts = /^\/(?:([A-Za-z0-9_-]{1,128})(\/[a-z0-9/.-]*)?)?(?:\?([a-z0-9=]*))?$/.exec(url);
  if (parts === null) return refused(400, "address");
  const [, token = "", path = "", query = ""] = parts;
  if (!isSame(token, server.token)) return refused(403, "token");
  return { kind: "path", path, query, token };
}

function refused(status: 400 | 403 | 405 | 414, reason: Refusal): Judgement {
  return { kind: "refused", status, reason };
}

/** In a time that does not depend on where they differ. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** What to tell a person whose request is refused. */
export function describeRefusal(reason: Refusal): { readonly title: string; readonly advice: string } {
  switch (reason) {
    case "token":
      return {
        title: "The address is not complete",
        advice:
          "This page shows a training run to whoever has its whole address, token included. Copy the address that blockwise watch (or train --watch) printed, up to its end; it changes each time the command is started.",
      };
    case "host":
    case "origin":
      return {
        title: "Not from here",
        advice:
          "This page is for a browser on the same machine, by the address that blockwise watch printed. From another machine, use a tunnel with the same port at both ends: ssh -L PORT:127.0.0.1:PORT MACHINE.",
      };
    case "method":
      return { title: "Only to be read", advice: "This server answers GET and HEAD." };
    default:
      return { title: "No such address", advice: "Open the address that blockwise watch printed." };
  }
}
