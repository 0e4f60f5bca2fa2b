import { type Verdict, verdict } from "./verdict.ts";

export const embedRouteVerdicts = {
  embed_refused: verdict(
    "probe",
    "The request for a vector was refused on the way: the embed process requires no login.",
    "Set EMBED_URL to the embed process itself, or let the api through the proxy or service mesh between them.",
  ),
  embed_unknown: verdict(
    "probe",
    "The server that answered or hung up is not the embed process.",
    "Set EMBED_URL to the embed process, without a path; its PORT is 8082 by default, and it does not speak TLS.",
  ),
  embed_unavailable: verdict(
    "probe",
    "The embed process answers, but can't produce a vector.",
    "If the response comes from its provider, millrace doctor --process embed says more. If it comes from a proxy, no embed process is ready behind it.",
  ),
} as const satisfies Record<string, Verdict>;
