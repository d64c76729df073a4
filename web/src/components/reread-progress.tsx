import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { FeedView } from '../../../src/core/api.ts';
import { rereadQuery } from '../queries.ts';
import { counted } from '../words.ts';
import { Moment } from './moment.tsx';
import { Notice } from './notice.tsx';

/** A feed as it stood when it was asked that it be read again: what its outcome is measured against. */
export type Before = { unused: number; quarantine: number };

/** How far a feed has been read again, and at the end what that changed. */
export function RereadProgress(props: { feed: FeedView; before: Before | undefined; onClose: () => void }) {
  const { feed, before } = props;
  const progress = useQuery(rereadQuery(feed.source));
  const cache = useQueryClient();
  const state = progress.data?.state;
  // What the feed is now is known once it has been read.
  useEffect(() => {
    if (state === 'done') for (const key of ['feeds', 'quarantine']) void cache.invalidateQueries({ queryKey: [key] });
  }, [state, cache]);
  if (progress.error)
    return (
      <Notice tone="look" icon="warning">
        How far {feed.source} has been read again is not known now. {progress.error.message}
      </Notice>
    );
  if (!progress.data || progress.data.state === 'none') return null;
  const { receipts, done, askedAt } = progress.data;
  if (state === 'failed')
    return (
      <Notice tone="withheld" icon="warning" urgent>
        Reading {feed.source} again stopped after {done.toLocaleString('en-US')} of {counted(receipts, 'receipt')}: it was tried several
        times. The log says why; what was read stands. <Close onClose={props.onClose} />
      </Notice>
    );
  if (state === 'running')
    return (
      <Notice tone="second" icon="clock">
        <span className="loading">
          <span role="status">
            Reading {feed.source} again: {done.toLocaleString('en-US')} of {counted(receipts, 'receipt')}, asked for at{' '}
            <Moment at={askedAt} show="clock" />
          </span>
          <progress max={Math.max(receipts, 1)} value={done} aria-label={`Receipts of ${feed.source} read again`} />
        </span>
      </Notice>
    );
  return (
    <Notice tone="second" icon="proven">
      <span className="strong">
        {feed.source} was read again: {counted(receipts, 'receipt')}.
      </span>{' '}
      {before ? outcomeText(before, unusedOf(feed), feed.quarantine) : ''} <Close onClose={props.onClose} />
    </Notice>
  );
}

export function unusedOf(feed: FeedView): number {
  return feed.flagged.reduce((sum, one) => sum + one.facts, 0);
}

function outcomeText(before: Before, unused: number, quarantine: number): string {
  if (unused === before.unused && quarantine === before.quarantine)
    return `Nothing changed in what is used: ${counted(unused, 'fact')} not used and ${counted(quarantine, 'item')} in quarantine, as before.`;
  return `Facts not used: ${before.unused} before, ${unused} now. In quarantine: ${before.quarantine} before, ${quarantine} now.`;
}

function Close(props: { onClose: () => void }) {
  return (
    <button type="button" className="link" onClick={props.onClose}>
      Close
    </button>
  );
}
