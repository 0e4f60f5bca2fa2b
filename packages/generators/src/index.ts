export { type ShapeName, shapeNames, shapes } from "./arrivals.ts";
export { type BrokenEvent, type Generated, type GenerateOptions, generate, type ScenarioName } from "./generate.ts";
