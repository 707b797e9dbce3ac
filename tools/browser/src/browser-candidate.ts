/** A Chromium that may be there, and what it needs to start. */
export interface BrowserCandidate {
  readonly executablePath: string;
  /** Variables to set for it, besides those of this process. */
  readonly environment: Readonly<Record<string, string>>;
}
