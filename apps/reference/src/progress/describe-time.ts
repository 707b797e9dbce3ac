/** A time for people: `"45 s"`, `"2 min 5 s"`, `"1 h 3 min"`, `"12 days"`, `"3.2 years"`. */
export function describeTime(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 2 * day) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  if (whole < 2 * year) return `${Math.round(whole / day)} days`;
  return `${(whole / year).toFixed(1)} years`;
}

const day = 86_400;
const year = 365.25 * day;
