import type { Scenario } from "./scenario.ts";

interface Quantity {
  name: string;
  unit: string;
  /** Mean of the readings, standard deviation of a step, and the speed of their return to the mean. */
  mean: number;
  step: number;
  pull: number;
}

const quantities: readonly [Quantity, ...Quantity[]] = [
  { name: "temperature", unit: "°C", mean: 21, step: 0.2, pull: 0.01 },
  { name: "humidity", unit: "%", mean: 45, step: 0.6, pull: 0.02 },
  { name: "vibration", unit: "mm/s", mean: 2.4, step: 0.15, pull: 0.05 },
  { name: "pressure", unit: "hPa", mean: 1_013, step: 0.4, pull: 0.005 },
];
const places: readonly [string, ...string[]] = ["boiler room", "cold store", "assembly hall", "loading dock", "roof"];

/** The chance that a device pauses after a reading, and the mean length of a pause. */
const OUTAGE_CHANCE = 0.000_5;
const OUTAGE_MEAN_MS = 60_000;
/** Limits the search when nearly all devices are paused. */
const LOOKED_AT_MAX = 16;

interface Sensor {
  id: string;
  quantity: Quantity;
  place: string;
  value: number;
  silentUntilMs: number;
}

/** Sensors whose readings are random walks around a mean; sometimes a device sends nothing for a while. */
export const iot: Scenario = ({ random, devices }) => {
  const sensors = Array.from({ length: devices }, (_, index): Sensor => {
    const quantity = random.pick(quantities);
    return { id: `sensor-${index}`, quantity, place: random.pick(places), value: quantity.mean, silentUntilMs: 0 };
  }) as [Sensor, ...Sensor[]];

  /** A device that is not paused; if all examined ones are, the last of them resumes early. */
  function speaking(timestampMs: number): Sensor {
    let sensor = random.pick(sensors);
    for (let looked = 1; looked < LOOKED_AT_MAX && sensor.silentUntilMs > timestampMs; looked++) {
      sensor = random.pick(sensors);
    }
    return sensor;
  }

  return (timestampMs) => {
    const sensor = speaking(timestampMs);
    const { quantity, place, id } = sensor;
    sensor.value += quantity.step * random.normal() + quantity.pull * (quantity.mean - sensor.value);
    if (random.chance(OUTAGE_CHANCE)) sensor.silentUntilMs = timestampMs + OUTAGE_MEAN_MS * random.exponential();
    const value = Math.round(sensor.value * 100) / 100;
    return {
      event_type: "sensor.reading",
      device_id: id,
      text: `The ${quantity.name} in the ${place} is ${value} ${quantity.unit}.`,
      value,
      properties: { quantity: quantity.name, unit: quantity.unit, place },
    };
  };
};
