import { createLocalProvider } from "../src/local/provider.ts";
import { describeProvider } from "./provider.contract.ts";

describeProvider("local", {
  provider: createLocalProvider(),
  model: "static-minilm-l6-256",
  dimensions: 256,
  unembeddable: "\u200b",
});
