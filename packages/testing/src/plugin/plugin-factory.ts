/** How a plugin that is to be tested is made. */
export interface PluginFactory<Options, Plugin> {
  /** For the tests' titles. */
  readonly name: string;
  /** The factory. It takes the `options` of what it made, so that a run can be wired again from a file. */
  create(options?: Options): Plugin | Promise<Plugin>;
  /** What to make the plugin from; choose small sizes. @default the factory's own defaults */
  readonly options?: Options;
}
