export { createAttempts, lethalFault, oneByOne } from "./attempts.ts";
export { createDeadLetters, type DeadLetters } from "./dead-letters.ts";
export { exposeWork } from "./expose-stage.ts";
export { type Activity, announcePresence, type Presence, readPresence, type Stage, stages } from "./presence.ts";
export {
  consumeUntilStopped,
  type MessageLog,
  openMessageLog,
  openTracking,
  type StageWork,
  type Tracking,
} from "./stage.ts";
export { createTracker, type Milestone, milestones, type Progress, type StageTracker } from "./tracking.ts";
export { Work } from "./work.ts";
