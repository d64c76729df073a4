import type { FeedView } from '../../../src/core/api.ts';
import { spanText } from '../time.ts';
import { feedWords } from '../words.ts';
import { DayStrip } from './day-strip.tsx';
import { Moment } from './moment.tsx';
import { StateWord } from './state-word.tsx';

const doors = { mllp: 'MLLP', files: 'files', api: 'https' };

/** Every source that ever sent something: when, how much, how late, and whether it is silent longer than it ever was this week. */
export function FeedTable(props: { feeds: FeedView[]; now: number }) {
  return (
    <div className="scrollx">
      <table className="feeds-table">
        <thead>
          <tr>
            <th scope="col">Feed</th>
            <th scope="col">How</th>
            <th scope="col" className="figure">
              Last message
            </th>
            <th scope="col" className="figure">
              Last hour
            </th>
            <th scope="col">24 hours, half-hourly</th>
            <th scope="col" className="figure">
              Lag, p95
            </th>
            <th scope="col" className="figure">
              Refused today
            </th>
            <th scope="col" className="figure">
              Quarantine
            </th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {props.feeds.map((feed) => (
            <tr key={feed.source}>
              <td className="feeds-name">
                {feed.source}
                {feed.flagged.map(({ flag, facts }) => (
                  <span key={flag} className="look small" style={{ display: 'block' }}>
                    {facts} not used: {flag}
                  </span>
                ))}
              </td>
              <td className="second">{doors[feed.door]}</td>
              <td className="figure nowrap">
                <Moment at={feed.lastAt} show={isToday(feed.lastAt, props.now) ? 'clock' : 'date'} missing="never" />
              </td>
              <td className="figure">{feed.lastHour.toLocaleString('en-US')}</td>
              <td>
                <DayStrip
                  strip={feed.strip}
                  silent={feed.state === 'silent'}
                  label={`${feed.strip.reduce((sum, one) => sum + one, 0)} messages in 24 hours`}
                />
              </td>
              <td className="figure nowrap">
                {feed.lagP95Ms === null ? <span className="third">not measured</span> : lagText(feed.lagP95Ms)}
              </td>
              <td className="figure">{feed.refusedToday}</td>
              <td className={`figure ${feed.quarantine > 0 ? 'strong' : ''}`}>{feed.quarantine}</td>
              <td className="nowrap">
                <StateWord of={feedWords[feed.state]}>{stateText(feed, props.now)}</StateWord>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function stateText(feed: FeedView, now: number): string {
  if (feed.state === 'quarantine') return `${feed.quarantine} in quarantine`;
  if (feed.state !== 'silent' || !feed.lastAt) return feedWords[feed.state].word;
  const usual = feed.usualGapMs === null ? '' : `, at most ${spanText(feed.usualGapMs)} this week`;
  return `silent ${spanText(now - Date.parse(feed.lastAt))}${usual}`;
}

function lagText(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : spanText(ms);
}

function isToday(at: string | null, now: number): boolean {
  return at !== null && now - Date.parse(at) < 20 * 3_600_000;
}
