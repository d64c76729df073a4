import { useEffect, useRef, useState } from 'react';
import type { FeedView } from '../../../src/core/api.ts';
import { FootBar, WordsField } from './foot-bar.tsx';

/** The journal wants words, not a sigh. */
const SHORTEST = 3;

/** Asks which feed is read again and why, and says what that does and does not do. */
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
  useEffect(() => which.current?.focus(), []);
  return (
    <FootBar
      label="Read a feed again"
      title={`Read ${feed} again`}
      effect="with today’s maps and settings: all it ever sent, a portion at a time behind what arrives. What comes out otherwise becomes a new version, drafts about those people are made again, signed notes stay. The reason is kept in the journal, so no patient in it."
      act="Read again"
      ready={reason.trim().length >= SHORTEST && !props.busy && !running}
      refusal={props.error ? `Not asked for. ${props.error.message}` : undefined}
      note={running && <p className="small look">It is being read again now; its progress stands above.</p>}
      onSend={() => props.onSend(feed, reason.trim())}
      onCancel={props.onCancel}
    >
      <select
        ref={which}
        className="field foot-bar-choice"
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
      <WordsField label="Why" placeholder="Why, for instance: its zone was configured" value={reason} onChange={setReason} />
    </FootBar>
  );
}
