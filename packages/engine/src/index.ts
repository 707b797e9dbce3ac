export { createEngine, type EngineName, type EngineOptions } from "./create-engine.js";
export { type EngineReport, type EngineStatus, inspectEngines } from "./inspect-engines.js";
