import type { FeedView } from '../../src/core/api.ts';
import { capital, listed, numberWord } from './number-words.ts';
import { clockText, dateTimeText, dayDistance } from './time.ts';

/** The one sentence on top of the feeds page: how many speak as they should, who is silent since when, and what waits. */
export function feedsSentence(feeds: FeedView[], waiting: number, now: number, zone: string): string {
  if (feeds.length === 0) return 'No feed has sent anything yet.';
  const silent = feeds.filter((feed) => feed.state === 'silent');
  const onTime = feeds.filter((feed) => feed.state === 'on-time').length;
  const held = feeds.filter((feed) => feed.state === 'quarantine').length;
  const quiet = feeds.filter((feed) => feed.state === 'quiet').length;
  const parts = [
    `${onTime === 0 ? 'None' : capital(numberWord(onTime))} of ${numberWord(feeds.length)} ${feeds.length === 1 ? 'feed' : 'feeds'} ${onTime < 2 ? 'is' : 'are'} on time`,
  ];
  if (quiet > 0) parts.push(`${numberWord(quiet)} ${quiet === 1 ? 'has' : 'have'} sent too little to judge`);
  if (held > 0) parts.push(`${numberWord(held)} ${held === 1 ? 'has' : 'have'} ${counted(waiting)} waiting in quarantine`);
  if (silent.length > 0)
    parts.push(listed(silent.map((feed) => `${feed.source} has been silent since ${sinceText(feed.lastAt, now, zone)}`)));
  return `${parts.join('; ')}.${held > 0 ? '' : ` ${waitingText(waiting)}`}`;
}

function counted(waiting: number): string {
  return `${numberWord(waiting)} ${waiting === 1 ? 'item' : 'items'}`;
}

function waitingText(waiting: number): string {
  if (waiting === 0) return 'Nothing waits in quarantine.';
  return `${capital(numberWord(waiting))} ${waiting === 1 ? 'item waits' : 'items wait'} in quarantine.`;
}

function sinceText(at: string | null, now: number, zone: string): string {
  if (!at) return 'it was set up';
  return dayDistance(at, now, zone) === 0 ? clockText(at, zone) : dateTimeText(at, zone);
}
