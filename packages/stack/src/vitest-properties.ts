/** Before each test file: its properties use the run's seed, which the configuration sets and prints. */
import { configureGlobal, readConfigureGlobal } from "fast-check";
import { PROPERTY_SEED, parseSeed } from "./property-seed.ts";

configureGlobal({ ...readConfigureGlobal(), seed: parseSeed(process.env[PROPERTY_SEED]) });
