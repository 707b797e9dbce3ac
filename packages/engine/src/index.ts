export { createEngine, type EngineName, type EngineOptions } from "./create-engine.js";
