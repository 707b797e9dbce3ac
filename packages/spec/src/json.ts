/** A value that survives `JSON.stringify` and `JSON.parse` unchanged. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** An object that survives `JSON.stringify` and `JSON.parse` unchanged; plugin options are of this type. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}
