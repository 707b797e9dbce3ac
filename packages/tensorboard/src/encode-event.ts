import { PbfWriter } from "pbf";

/** A picture of a step. */
export interface EventImage {
  /** What TensorBoard groups the pictures of different steps by. */
  readonly tag: string;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** 1 (grey) or 3 (red, green, blue). */
  readonly channels: 1 | 3;
  /** The picture as a whole PNG file. */
  readonly png: Uint8Array;
}

/** What an event says. */
export type EventContents =
  /** What every file begins with. */
  | { readonly kind: "version" }
  /** Where a run begins or is gone on with: steps of earlier files from there on no longer count. */
  | { readonly kind: "start" }
  /** Numbers by tag. */
  | { readonly kind: "scalars"; readonly scalars: readonly (readonly [string, number])[] }
  | { readonly kind: "image"; readonly image: EventImage };

/** One event of a run. */
export interface EventRecord {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
  readonly contents: EventContents;
}

/** Numbers of the fields of TensorFlow's messages `Event`, `Summary`, `Summary.Value`, `Summary.Image` and `SessionLog`. */
const fields = {
  event: { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 },
  summary: { value: 1 },
  value: { tag: 1, simpleValue: 2, image: 4 },
  image: { height: 1, width: 2, colorspace: 3, encoded: 4 },
  sessionLog: { status: 1 },
};
const startStatus = 1;

/**
 * An event in the wire format of protocol buffers.
 *
 * @see https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto
 */
export function encodeEvent({ wallTime, step, contents }: EventRecord): Uint8Array {
  const writer = new PbfWriter();
  if (wallTime !== 0) writer.writeDoubleField(fields.event.wallTime, wallTime);
  if (step !== 0) writer.writeVarintField(fields.event.step, step);
  switch (contents.kind) {
    case "version":
      writer.writeStringField(fields.event.fileVersion, "brain.Event:2");
      break;
    case "start":
      writer.writeMessage(fields.event.sessionLog, writeStart, null);
      break;
    case "scalars":
      writer.writeMessage(fields.event.summary, writeScalars, contents.scalars);
      break;
    case "image":
      writer.writeMessage(fields.event.summary, writeImage, contents.image);
      break;
  }
  return writer.finish();
}

function writeStart(_: null, writer?: PbfWriter): void {
  writer?.writeVarintField(fields.sessionLog.status, startStatus);
}

function writeScalars(scalars: readonly (readonly [string, number])[], writer?: PbfWriter): void {
  for (const scalar of scalars) {
    writer?.writeMessage(
      fields.summary.value,
      ([tag, value]: readonly [string, number], inner?: PbfWriter) => {
        inner?.writeStringField(fields.value.tag, tag);
        inner?.writeFloatField(fields.value.simpleValue, value);
      },
      scalar,
    );
  }
}

function writeImage(image: EventImage, writer?: PbfWriter): void {
  writer?.writeMessage(
    fields.summary.value,
    ({ tag, width, height, channels, png }: EventImage, inner?: PbfWriter) => {
      inner?.writeStringField(fields.value.tag, tag);
      inner?.writeMessage(
        fields.value.image,
        (_: null, innermost?: PbfWriter) => {
          innermost?.writeVarintField(fields.image.height, height);
          innermost?.writeVarintField(fields.image.width, width);
          innermost?.writeVarintField(fields.image.colorspace, channels);
          innermost?.writeBytesField(fields.image.encoded, png);
        },
        null,
      );
    },
    image,
  );
}
