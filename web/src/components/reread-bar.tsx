import { useEffect, useRef, useState } from 'react';
import type { FeedView } from '../../../src/core/api.ts';
import './reason-bar.css';

/** The journal wants words, not a sigh. */
const SHORTEST = 3;

/** Asks which feed is read again and why, at the foot of the page, and says what that does and does not do. */
export function RereadBar(props: {
  feeds: FeedView[];
  first: string;
  busy: boolean;
  error: Error | null;
  onSend: (feed: string, reason: string) => void;
  onCancel: () => void;
}) {
  const [feed, setFeed] = useState(props.first);
  const [reason, setReason] = useState('');
  const which = useRef<HTMLSelectElement>(null);
  const running = props.feeds.find((one) => one.source === feed)?.rereadSince != null;
  const ready = reason.trim().length >= SHORTEST && !props.busy && !running;
  useEffect(() => which.current?.focus(), []);
  return (
    <form
      className="reason"
      aria-label="Read a feed again"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) props.onSend(feed, reason.trim());
      }}
      onKeyDown={(event) => event.key === 'Escape' && props.onCancel()}
    >
      <p className="small">
        <span className="strong">Read {feed} again</span>{' '}
        <span className="second">
          with today’s maps and settings: all it ever sent, a portion at a time behind what arrives. What comes out otherwise becomes a new
          version, drafts about those people are made again, signed notes stay. The reason is kept in the journal, so no patient in it.
        </span>
      </p>
      <div className="reason-line">
        <select
          ref={which}
          className="field reason-who"
          aria-label="Which feed"
          value={feed}
          onChange={(event) => setFeed(event.target.value)}
        >
          {props.feeds.map((one) => (
            <option key={one.source} value={one.source}>
              {one.source}
            </option>
          ))}
        </select>
        <input
          className="field"
          aria-label="Why"
          placeholder="Why, for instance: its zone was configured"
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          maxLength={500}
        />
        <button type="submit" className="button primary" disabled={!ready}>
          Read again <kbd>Enter</kbd>
        </button>
        <button type="button" className="button" onClick={props.onCancel}>
          Cancel <kbd>Esc</kbd>
        </button>
      </div>
      {running && <p className="small look">It is being read again now; its progress stands above.</p>}
      {props.error && (
        <p className="small withheld" role="alert">
          Not asked for. {props.error.message}
        </p>
      )}
    </form>
  );
}
