export { clean } from "./clean.ts";
export {
  CLOSED_PORT,
  eventually,
  openEdges,
  type StageConfig,
  type TestPatience,
  testEnvironment,
  testPatience,
} from "./stage.ts";
