import type { WorklistItem } from '../../src/core/api.ts';
import { dayDistance } from './time.ts';

export const urgencies = ['Overdue', 'Due within the hour', 'Today', 'Tomorrow', 'This week', 'Later', 'No due time'] as const;
export type Urgency = (typeof urgencies)[number];
export type QueueGroup = { urgency: Urgency; items: WorklistItem[] };

/** How soon a human has to look, by the site's calendar. "This week" is the next six days after tomorrow. */
export function urgencyOf(dueAt: string | null, now: number, zone: string): Urgency {
  if (!dueAt) return 'No due time';
  const wait = Date.parse(dueAt) - now;
  if (wait < 0) return 'Overdue';
  if (wait <= 60 * 60_000) return 'Due within the hour';
  const days = dayDistance(dueAt, now, zone);
  if (days <= 0) return 'Today';
  if (days === 1) return 'Tomorrow';
  return days <= 7 ? 'This week' : 'Later';
}

/** Groups in order of urgency, each by due time and then by id, so that the same queue always reads the same. */
export function groupQueue(items: WorklistItem[], now: number, zone: string): QueueGroup[] {
  const sorted = [...items].sort((a, b) => dueMs(a) - dueMs(b) || a.id.localeCompare(b.id));
  return urgencies
    .map((urgency) => ({ urgency, items: sorted.filter((item) => urgencyOf(item.dueAt, now, zone) === urgency) }))
    .filter((group) => group.items.length > 0);
}

export type QueueFilter = { pack?: string; due?: 'hour' | 'today' | 'week'; who?: 'me' | 'nobody'; q?: string };

/** Filters as the URL words say; the search looks in why, title, name and MRN. */
export function filterQueue(items: WorklistItem[], filter: QueueFilter, now: number, zone: string): WorklistItem[] {
  const words = (filter.q ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  return items.filter(
    (item) =>
      (!filter.pack || item.pack === filter.pack) &&
      (!filter.who || (filter.who === 'me' ? item.with?.you === true : item.with === null)) &&
      dueWithin(item, filter.due, now, zone) &&
      words.every((word) => `${item.why} ${item.title} ${item.person.name ?? ''} ${item.person.mrn ?? ''}`.toLowerCase().includes(word)),
  );
}

function dueMs(item: WorklistItem): number {
  return item.dueAt ? Date.parse(item.dueAt) : Number.MAX_SAFE_INTEGER;
}

function dueWithin(item: WorklistItem, due: QueueFilter['due'], now: number, zone: string): boolean {
  if (!due) return true;
  const urgency = urgencyOf(item.dueAt, now, zone);
  const reach: Record<NonNullable<QueueFilter['due']>, Urgency[]> = {
    hour: ['Overdue', 'Due within the hour'],
    today: ['Overdue', 'Due within the hour', 'Today'],
    week: ['Overdue', 'Due within the hour', 'Today', 'Tomorrow', 'This week'],
  };
  return reach[due].includes(urgency);
}
