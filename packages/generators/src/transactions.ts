import type { Happening, Scenario } from "./scenario.ts";
import { zipf } from "./zipf.ts";

interface Trade {
  name: string;
  merchants: readonly [string, ...string[]];
  /** In EUR; half of the payments are below the median, and sigma is their spread (log-normal). */
  median: number;
  sigma: number;
}

const trades: readonly [Trade, ...Trade[]] = [
  { name: "groceries", merchants: ["Corner Market", "Green Basket", "Bakery Klein"], median: 24, sigma: 0.7 },
  { name: "groceries", merchants: ["Corner Market", "Green Basket", "Bakery Klein"], median: 24, sigma: 0.7 },
  { name: "restaurant", merchants: ["Trattoria Sole", "Noodle House", "Café Central"], median: 31, sigma: 0.6 },
  { name: "fuel", merchants: ["Harbour Fuel", "Ring Road Petrol"], median: 58, sigma: 0.35 },
  { name: "electronics", merchants: ["Volt & Co", "Pixel Store"], median: 140, sigma: 1.0 },
  { name: "travel", merchants: ["Northern Rail", "Blue Sky Travel"], median: 95, sigma: 0.9 },
];
const cities: readonly [string, ...string[]] = ["Lisbon", "Lyon", "Hamburg", "Turin", "Ghent", "Malmö"];
const distantCities: readonly [string, ...string[]] = ["Nassau", "Macau", "Panama City"];

const FRAUD_CHANCE = 0.002;
/** Minimum and maximum of an honest amount. */
const FRAUD_FACTOR = { from: 8, to: 40 };

/**
 * Card payments: a few users pay most often, near home and mostly small amounts; rarely, one is fraud, large and far
 * away.
 */
export const transactions: Scenario = ({ random, users, devices }) => {
  const payer = zipf(random, users);

  return (): Happening => {
    const user = payer();
    const isFraud = random.chance(FRAUD_CHANCE);
    const trade = random.pick(trades);
    const { from, to } = FRAUD_FACTOR;
    const factor = isFraud ? from + (to - from) * random.fraction() : 1;
    const value = Math.max(1, Math.round(trade.median * random.logNormal(trade.sigma) * factor * 100)) / 100;
    const merchant = random.pick(trade.merchants);
    const city = isFraud ? random.pick(distantCities) : (cities[user % cities.length] ?? cities[0]);
    return {
      event_type: "payment.authorized",
      user_id: `user-${user}`,
      // The terminal.
      device_id: `device-${random.below(devices)}`,
      text: `A card payment of ${value.toFixed(2)} EUR at ${merchant} in ${city} (${trade.name}).`,
      value,
      properties: { currency: "EUR", merchant, category: trade.name, city, fraud: isFraud },
    };
  };
};
