import { MalformedFileError, UnsupportedFileError } from "@blockwise/spec";

/** Ends the reading of one file with the error that fits. */
export interface Refusal {
  /** The file breaks its format. `fault` goes on from "is not a valid .pth file: ". */
  malformed(fault: string): never;
  /** The file holds or is something that is not read. */
  unsupported(refused: string, reason: string): never;
}

/** Refusals that name the file. */
export function refusalFor(path: string): Refusal {
  return {
    malformed: (fault) => {
      throw new MalformedFileError(
        `${path} is not a valid .pth file: ${fault}. Fetch or write it again; nothing was read from it.`,
        { path },
      );
    },
    unsupported: (refused, reason) => {
      throw new UnsupportedFileError(`${path} is not read: ${reason}`, { path, refused });
    },
  };
}

/** Text of a file for a message: in quotes, with nothing that a terminal would act on, and not long. */
export function quote(text: string): string {
  const short = text.length > 100 ? `${text.slice(0, 100)}…` : text;
  return JSON.stringify(short);
}
