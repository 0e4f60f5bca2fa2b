export { type Clients, openClients } from "./clients.ts";
export { type ReadSubject, readSubject } from "./doctor/subjects.ts";
