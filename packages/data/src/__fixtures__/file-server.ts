import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** An HTTP server on this machine that lives as long as the test. */
export interface FileServer {
  readonly address: string;
  /** What was asked for, in order: method, path, and the range in brackets. */
  readonly requests: string[];
}

export async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<FileServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const { range } = request.headers;
    requests.push(`${request.method} ${request.url}${range === undefined ? "" : ` [${range}]`}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** Serves files by path, with ranges and entity tags as a good server does. */
export function serveFiles(files: ReadonlyMap<string, Uint8Array>): Promise<FileServer> {
  return serve((request, response) => {
    const bytes = files.get(request.url ?? "");
    if (bytes === undefined) response.writeHead(404).end("no such file");
    else answerWithRange(request, response, bytes);
  });
}

/** Answers one request for bytes, whole or from the range's start on. */
export function answerWithRange(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
  entityTag = '"1"',
): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const condition = request.headers["if-range"];
  if (start === 0 || (condition !== undefined && condition !== entityTag)) {
    response.writeHead(200, { "content-length": bytes.length, etag: entityTag }).end(bytes);
  } else if (start >= bytes.length) {
    response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
  } else {
    response
      .writeHead(206, {
        "content-length": bytes.length - start,
        "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}`,
        etag: entityTag,
      })
      .end(bytes.subarray(start));
  }
}
