import { connect } from "node:net";

/** What came back over a connection, until its end. */
export interface RawAnswer {
  /** Null where there was none. */
  readonly status: number | null;
  readonly text: string;
}

/** Writes bytes to a port of this machine as they are, and reads until the other side ends. */
export function rawRequest(port: number, bytes: string | Buffer, timeoutMs = 12_000): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ port, host: "127.0.0.1" });
    socket.setTimeout(timeoutMs, () => {
      socket.destroy();
      reject(new Error(`No end after ${timeoutMs} ms of ${JSON.stringify(bytes.toString("latin1").slice(0, 300))}`));
    });
    socket.on("connect", () => socket.write(bytes));
    socket.on("data", (chunk) => chunks.push(chunk));
    // A connection that is cut is an answer too.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      const text = Buffer.concat(chunks).toString("latin1");
      const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
      resolve({ status: status === undefined ? null : Number(status), text });
    });
  });
}

/** A request of one line and some headers, after which the connection ends. */
export function requestText(
  path: string,
  headers: readonly (readonly [string, string])[],
  method: string = "GET",
): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `${method} ${path} HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`;
}
