import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { InvalidOptionError } from "@blockwise/spec";
import type { RunWatch, WatchOptions } from "../watch-runs.js";
import { answerRequest } from "./answer.js";
import { RunBook } from "./run-book.js";

/** This machine, and nobody else's way to it. */
const host = "127.0.0.1";
const limits = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 2000,
};
const mostConnections = 64;

/** Serves the live page of a folder's runs. */
export async function serveRuns({ folder, port = 0 }: WatchOptions): Promise<RunWatch> {
  const token = randomBytes(32).toString("base64url");
  const book = new RunBook(folder, Date.now);
  const server = createServer(limits, (request, response) => {
    const place = { port: portOf(server), token };
    void respond(request, response, book, place);
  });
  server.maxConnections = mostConnections;
  server.on("clientError", (_, socket) => {
    // What is no request gets no page.
    if (socket.writable)
      socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    else socket.destroy();
  });
  // Whatever asks for another protocol is not a browser that wants the page.
  server.on("upgrade", (_, socket) => socket.destroy());
  server.on("connect", (_, socket) => socket.destroy());
  await listen(server, port);
  return {
    port: portOf(server),
    address: `http://${host}:${portOf(server)}/${token}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  book: RunBook,
  place: { readonly port: number; readonly token: string },
): Promise<void> {
  try {
    const { status, headers, body } = await answerRequest(request, book, place);
    response.writeHead(status, headers);
    response.end(request.method === "HEAD" || status === 304 ? undefined : body);
  } catch {
    if (response.headersSent) response.destroy();
    else response.writeHead(500, { "content-length": "0" }).end();
  }
}

async function listen(server: Server, port: number): Promise<void> {
  if (!Number.isSafeInteger(port) || port < 0 || port > 65_535)
    throw portError(port, "a port: 0 to 65535, 0 for any that is free");
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === "EADDRINUSE"
          ? portError(port, "a port that no other program listens on", cause, anyFreePort)
          : portError(
              port,
              `a port that may be listened on (${cause.code ?? cause.message})`,
              cause,
              anyFreePort,
            ),
      ),
    );
    server.listen({ port, host, exclusive: true }, resolve);
  });
}

const anyFreePort = "Choose another, or leave it out to take any that is free.";

function portError(received: number, expected: string, cause?: unknown, hint?: string): InvalidOptionError {
  return new InvalidOptionError(
    { option: "port", expected, received, ...(hint !== undefined && { hint }) },
    { cause },
  );
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo | null)?.port ?? 0;
}
