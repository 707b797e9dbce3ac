export { type LookAheadOptions, lookAhead } from "./look-ahead.js";
