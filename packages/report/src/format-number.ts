/** What stands for a number that is not there or not finite. */
export const missing = "–";

/** A percentage with one decimal, without its sign: `61.2`. */
export function formatPercent(value: number | null | undefined): string {
  return isFiniteNumber(value) ? value.toFixed(1) : missing;
}

/** A difference of percentages, with its sign: `+20.1`, `−3.4`. */
export function formatDifference(value: number | null | undefined): string {
  if (!isFiniteNumber(value)) return missing;
  const rounded = value.toFixed(1);
  return Number(rounded) > 0 ? `+${rounded}` : Number(rounded) === 0 ? "±0.0" : rounded.replace("-", "−");
}

/** A number with three significant digits: `0.0123`, `12.3`, `1230`. */
export function formatSignificant(value: number | null | undefined): string {
  return isFiniteNumber(value) ? String(Number(value.toPrecision(3))) : missing;
}

/** A time: `8.2 s`, `4 min 5 s`, `2 h 3 min`. */
export function formatSeconds(value: number | null | undefined): string {
  if (!isFiniteNumber(value)) return missing;
  if (value < 59.95) return `${value.toFixed(1)} s`;
  const seconds = Math.round(value);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** An amount of memory: `512 MiB`, `1.4 GiB`. */
export function formatBytes(value: number | null | undefined): string {
  if (!isFiniteNumber(value)) return missing;
  const mebibytes = value / 2 ** 20;
  return mebibytes < 1000 ? `${Math.round(mebibytes)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`;
}

function isFiniteNumber(value: number | null | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
