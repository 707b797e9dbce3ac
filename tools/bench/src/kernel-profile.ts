import * as tf from "@tensorflow/tfjs-core";

/** Time spent in one kernel, without the kernels that it called in turn. */
export interface KernelTime {
  readonly kernel: string;
  readonly milliseconds: number;
  readonly calls: number;
}

/**
 * Runs `work` with every kernel of the active backend timed, and puts the kernels back as they were. Only for backends
 * whose kernels are done when they return (wasm, cpu, node).
 */
export function profileKernels(work: () => void): readonly KernelTime[] {
  const backendName = tf.getBackend();
  const kernels = tf.getKernelsForBackend(backendName);
  const totals = new Map<string, { milliseconds: number; calls: number }>();
  const nested: number[] = [];
  const timed = (config: tf.KernelConfig): tf.KernelConfig => ({
    ...config,
    kernelFunc: (parameters) => {
      const start = performance.now();
      nested.push(0);
      try {
        return config.kernelFunc(parameters);
      } finally {
        const elapsed = performance.now() - start;
        const inner = nested.pop() ?? 0;
        if (nested.length > 0) nested[nested.length - 1] = (nested.at(-1) ?? 0) + elapsed;
        const total = totals.get(config.kernelName) ?? { milliseconds: 0, calls: 0 };
        totals.set(config.kernelName, {
          milliseconds: total.milliseconds + elapsed - inner,
          calls: total.calls + 1,
        });
      }
    },
  });
  const replace = (configs: readonly tf.KernelConfig[]): void => {
    for (const config of configs) {
      tf.unregisterKernel(config.kernelName, backendName);
      tf.registerKernel(config);
    }
  };
  replace(kernels.map(timed));
  try {
    work();
  } finally {
    replace(kernels);
  }
  return [...totals]
    .map(([kernel, total]) => ({ kernel, ...total }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
}
