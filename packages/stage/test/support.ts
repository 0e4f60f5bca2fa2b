import { openRedis, redisSettings } from "@millrace/connections";
import { processSettings, readConfiguration } from "@millrace/shared";
import { testEnvironment, testPatience } from "@millrace/testbed";
import { z } from "zod";

export const config = readConfiguration(z.object({ ...processSettings, ...redisSettings }), testEnvironment());
export const redis = openRedis(config, testPatience());
