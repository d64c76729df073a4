import type { Chart } from './chart.ts';
import { dayOf, type Minute } from './dates.ts';

/** Days that the HL7 feeds reach back; older results stand in the EHR's own export. */
const FEED_DAYS = 120;

/** Whether a moment lies in the days that the feeds cover. */
export function inLabFeed(chart: Chart, moment: Minute): boolean {
  return chart.anchor - dayOf(moment) <= FEED_DAYS;
}
