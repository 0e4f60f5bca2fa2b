export { type AccountEdges, Accounts } from "./accounts.ts";
export { createAttempts, lethalFault } from "./attempts.ts";
export { type BatchEdges, type BatchStage, createBatchStage, type MessageBatch } from "./batch-stage.ts";
export { createDeadLetters, type DeadLetters } from "./dead-letters.ts";
export { exposeWork } from "./expose-stage.ts";
export { type Activity, announcePresence, type Presence, readPresence, type Stage, stages } from "./presence.ts";
export {
  openStageKafka,
  openTracking,
  runStage,
  type StageKafka,
  type StageRun,
  type Tracking,
} from "./stage.ts";
export { createTracker, type Milestone, milestones, type Progress, type StageTracker } from "./tracking.ts";
export { Work } from "./work.ts";
