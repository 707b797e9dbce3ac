import { describe, expect, it } from "vitest";
import { describeRefusal, type JudgedRequest, judgeRequest } from "./judge-request.js";

const server = { port: 4000, token: "a-token_of-43" };
const host = ["127.0.0.1:4000"];

function judge(url: string, headers: JudgedRequest["headersDistinct"] = { host }, method = "GET") {
  return judgeRequest({ method, url, headersDistinct: headers }, server);
}

describe("judgeRequest", () => {
  it("lets a browser on this machine in that has the whole address", () => {
    expect(judge("/a-token_of-43/runs/ab/?at=3")).toEqual({
      kind: "path",
      path: "/runs/ab/",
      query: "at=3",
      token: server.token,
    });
    for (const headers of [
      { host: ["localhost:4000"] },
      { host, origin: ["http://127.0.0.1:4000"] },
      { host, "sec-fetch-site": ["same-origin"] },
      { host, "sec-fetch-site": ["none"] },
      // A link on another page leads here; that page cannot read what comes.
      { host, "sec-fetch-site": ["cross-site"], "sec-fetch-mode": ["navigate"] },
    ]) {
      expect(judge("/a-token_of-43/", headers).kind, JSON.stringify(headers)).toBe("path");
    }
  });

  it.each([
    ["another token", "/another-token/", { host }, "token"],
    ["part of the token", "/a-token_of-4/", { host }, "token"],
    ["more than the token", "/a-token_of-433/", { host }, "token"],
    ["no token", "/", { host }, "token"],
    ["another name of this machine", "/a-token_of-43/", { host: ["evil.example:4000"] }, "host"],
    ["another port", "/a-token_of-43/", { host: ["127.0.0.1:80"] }, "host"],
    ["no host", "/a-token_of-43/", {}, "host"],
    ["two hosts", "/a-token_of-43/", { host: [...host, ...host] }, "host"],
    ["another origin", "/a-token_of-43/", { host, origin: ["https://evil.example"] }, "origin"],
    [
      "an origin of another scheme",
      "/a-token_of-43/",
      { host, origin: ["https://127.0.0.1:4000"] },
      "origin",
    ],
    ["an origin that hides", "/a-token_of-43/", { host, origin: ["null"] }, "origin"],
    ["another site's script", "/a-token_of-43/", { host, "sec-fetch-site": ["cross-site"] }, "origin"],
    ["another port's script", "/a-token_of-43/", { host, "sec-fetch-site": ["same-site"] }, "origin"],
    ["something to decode", "/a-token_of-43/%2e%2e/", { host }, "address"],
    ["a whole address", "http://127.0.0.1:4000/a-token_of-43/", { host }, "address"],
    ["a backslash", "/a-token_of-43\\..\\", { host }, "address"],
    ["a long address", `/a-token_of-43/${"a".repeat(600)}`, { host }, "length"],
    ["a body", "/a-token_of-43/", { host, "content-length": ["3"] }, "body"],
    ["a body in parts", "/a-token_of-43/", { host, "transfer-encoding": ["chunked"] }, "body"],
  ])("refuses %s, and says what to do", (_, url, headers, reason) => {
    const judgement = judge(url, headers as JudgedRequest["headersDistinct"]);
    expect(judgement).toMatchObject({ kind: "refused", reason });
    if (judgement.kind === "refused") expect(describeRefusal(judgement.reason).advice).toMatch(/\w{4}.*\.$/);
  });

  it("answers GET and HEAD alone", () => {
    expect(judge("/a-token_of-43/", { host }, "HEAD").kind).toBe("path");
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"]) {
      expect(judge("/a-token_of-43/", { host }, method)).toMatchObject({ status: 405, reason: "method" });
    }
  });
});
