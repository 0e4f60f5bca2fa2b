export { openClients } from "./clients.ts";
export { readSubject } from "./doctor/subjects.ts";
