/** One promise that every plugin of a kind keeps. */
export interface PluginCheck<Subject> {
  /** The promise, in words that follow the plugin's name. */
  readonly name: string;
  /** @throws Error saying how the promise is broken. */
  run(subject: Subject): void | Promise<void>;
}
