import { type Verdict, verdict } from "./verdict.ts";

export const embedRouteVerdicts = {
  embed_refused: verdict(
    "probe",
    "The request for a vector was refused on its way: the embed process asks for no login.",
    "Set EMBED_URL to the embed process itself, or let the api through in the proxy or service mesh between them.",
  ),
  embed_unknown: verdict(
    "probe",
    "What answers, or hangs up, is not the embed process.",
    "Set EMBED_URL to the embed process, without a path; its PORT is 8082 by default, and it speaks no TLS itself.",
  ),
  embed_unavailable: verdict(
    "probe",
    "The embed process answers, and has no vector.",
    "What came back is its provider's word: millrace doctor --process embed says more. Where it is a proxy's, no embed process is ready behind it.",
  ),
} as const satisfies Record<string, Verdict>;
