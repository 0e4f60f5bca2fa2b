import { processSettings, readConfiguration } from "@millrace/shared";
import { testEnvironment } from "@millrace/testbed";
import { z } from "zod";
import { redisSettings } from "../src/redis/settings.ts";

export const config = readConfiguration(z.object({ ...processSettings, ...redisSettings }), testEnvironment());
