import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { FeedView, QuarantineItem } from '../../../src/core/api.ts';
import { dismissQuarantined, replayQuarantined, rereadFeed } from '../api.ts';
import { DismissBar } from '../components/dismiss-bar.tsx';
import { FeedTable } from '../components/feed-table.tsx';
import { KeyBar } from '../components/keybar.tsx';
import { Moment } from '../components/moment.tsx';
import { Empty, Failure, FailurePage, Skeleton } from '../components/notice.tsx';
import { ReceiptDetail } from '../components/receipt-detail.tsx';
import { RereadBar } from '../components/reread-bar.tsx';
import { type Before, RereadProgress, unusedOf } from '../components/reread-progress.tsx';
import { feedsSentence } from '../feeds-sentence.ts';
import { fieldPath, refusedField } from '../field-path.ts';
import { helpKey, type KeyBinding, useKeys } from '../keys.ts';
import { feedsQuery, quarantineQuery } from '../queries.ts';
import { useNow, useSession, useTitle, useZone } from '../session.ts';
import './feeds.css';

const stateWords = { open: 'waits', replayed: 'replayed', dismissed: 'dismissed' };

/** What comes in, what is silent, what was refused and why: for the people who connect systems. */
export function Feeds() {
  const feeds = useQuery(feedsQuery);
  const waiting = useQuery(quarantineQuery);
  const { item } = useSearch({ from: '/shell/feeds' });
  const navigate = useNavigate();
  const zone = useZone();
  const now = useNow();
  const [wrapAll, setWrapAll] = useState(false);
  const [copied, setCopied] = useState<string | undefined>();
  const [dismissing, setDismissing] = useState<string | undefined>();
  const [choosing, setChoosing] = useState(false);
  // What was asked for here, with what the feed was then; what others asked for is told by the feeds themselves.
  const [asked, setAsked] = useState<{ source: string; before: Before } | undefined>();
  const mayReplay = useSession()?.identity.role === 'integration';
  const replaying = useMending(replayQuarantined);
  const dismissed = useMending(({ id, reason }: { id: string; reason: string }) => dismissQuarantined(id, reason));
  const reread = useMending(({ feed, reason }: { feed: FeedView; reason: string }) => rereadFeed(feed.source, reason));
  useTitle('Feeds');

  const items = waiting.data ?? [];
  const current = items.find((one) => one.id === item) ?? items[0];
  const open = items.filter((one) => one.state === 'open').length;

  function choose(id: string) {
    replaying.reset();
    void navigate({ to: '/feeds', search: { item: id }, replace: true });
  }
  function move(step: number) {
    const at = items.findIndex((one) => one.id === current?.id);
    const next = items[Math.min(Math.max(at + step, 0), items.length - 1)];
    if (next) choose(next.id);
  }
  function replay() {
    if (current?.state === 'open' && mayReplay && !replaying.isPending) replaying.mutate(current.id);
  }
  function dismiss() {
    dismissed.reset();
    if (current?.state === 'open' && mayReplay) setDismissing(current.id);
  }
  function chooseFeed() {
    reread.reset();
    setChoosing(true);
  }
  function readAgain(source: string, reason: string) {
    const feed = feeds.data?.find((one) => one.source === source);
    if (!feed) return;
    const before = { unused: unusedOf(feed), quarantine: feed.quarantine };
    reread.mutate(
      { feed, reason },
      {
        onSuccess: () => {
          setAsked({ source, before });
          setChoosing(false);
        },
      },
    );
  }
  function passOn() {
    if (current) void navigator.clipboard.writeText(noteFor(current)).then(() => setCopied(current.id));
  }

  const keys: KeyBinding[] = [
    { key: 'j', does: 'message', run: () => move(1), bar: true, off: items.length === 0 },
    { key: 'k', does: 'message', run: () => move(-1), bar: true, off: items.length === 0 },
    { key: 'p', does: 'copy a note for the sender', run: passOn, bar: true, off: !current },
    { key: 'r', does: 'replay', run: replay, bar: true, off: !mayReplay || current?.state !== 'open' },
    { key: 'x', does: 'dismiss', run: dismiss, bar: true, off: !mayReplay || current?.state !== 'open' },
    { key: 'a', does: 'read a feed again', run: chooseFeed, bar: true, off: !mayReplay || !feeds.data?.length },
    { key: 'b', does: wrapAll ? 'one line a segment' : 'all bytes', run: () => setWrapAll(!wrapAll), bar: true, off: !current },
    { key: '/', does: 'paste a message to explain', run: () => void navigate({ to: '/explain' }), bar: true },
  ];
  useKeys(dismissing || choosing ? [] : keys);

  if (feeds.error && !feeds.data) return <FailurePage error={feeds.error} what="The feeds" again={() => void feeds.refetch()} />;
  return (
    <>
      <main className="feeds">
        <div className="pagehead feeds-head">
          <h1>{feeds.data ? feedsSentence(feeds.data, open, now, zone) : 'Feeds'}</h1>
          {mayReplay && feeds.data && feeds.data.length > 0 && (
            <button type="button" className="button" onClick={chooseFeed}>
              Read a feed again <kbd>A</kbd>
            </button>
          )}
        </div>
        {feeds.data
          ?.filter((feed) => feed.rereadSince !== null || feed.source === asked?.source)
          .map((feed) => (
            <RereadProgress
              key={feed.source}
              feed={feed}
              before={feed.source === asked?.source ? asked.before : undefined}
              onClose={() => setAsked(undefined)}
            />
          ))}
        <div className="feeds-list">
          {feeds.isPending && <Skeleton lines={8} label="Loading the feeds" />}
          {feeds.data && feeds.data.length > 0 && <FeedTable feeds={feeds.data} now={now} />}
          {feeds.data?.length === 0 && (
            <Empty title="Nothing has come in yet.">
              Send a message to the MLLP port, or import a file; the feed appears here with its first receipt.
            </Empty>
          )}
        </div>
        <div className="feeds-split">
          <section className="quarantine" aria-label="Quarantine">
            <h2 className="strong small">Quarantine, {open}</h2>
            {waiting.error && <Failure error={waiting.error} what="The quarantine" again={() => void waiting.refetch()} />}
            {waiting.data?.length === 0 && (
              <p className="small second quarantine-note">Nothing was refused. What cannot be used is kept here with its reason.</p>
            )}
            <ul>
              {items.map((one) => (
                <li key={one.id}>
                  <button type="button" aria-current={one.id === current?.id} onClick={() => choose(one.id)}>
                    <span className="quarantine-title">{one.title}</span>
                    <span className="second">
                      {one.source}, {fieldPath(refusedField(one.item, one.reason), new Set())}, <Moment at={one.at} show="clock" />
                    </span>
                    <span className={one.state === 'open' ? 'look' : 'third'}>
                      {stateWords[one.state]}
                      {one.closedReason ? `: ${one.closedReason}` : ''}
                    </span>
                  </button>
                </li>
              ))}
            </ul>
            {current && (
              <QuarantineActs
                current={current}
                mayReplay={mayReplay}
                copied={copied === current.id}
                onReplay={replay}
                onDismiss={dismiss}
                onPassOn={passOn}
                replaying={replaying}
              />
            )}
          </section>
          <div className="feeds-receipt">
            {current ? (
              <ReceiptDetail key={current.receipt} id={current.receipt} wrapAll={wrapAll} refused={current} />
            ) : (
              <p className="small second">
                Nothing to look into. Any receipt can be seen by field and byte from the sentence it proves; any message, before it is sent,
                on <Link to="/explain">Explain</Link>.
              </p>
            )}
          </div>
        </div>
      </main>
      {choosing && feeds.data ? (
        <RereadBar
          feeds={feeds.data}
          first={
            (feeds.data.find((one) => one.flagged.length > 0) ?? feeds.data.find((one) => one.source === current?.source) ?? feeds.data[0])!
              .source
          }
          busy={reread.isPending}
          error={reread.error}
          onSend={readAgain}
          onCancel={() => setChoosing(false)}
        />
      ) : dismissing ? (
        <DismissBar
          what={current?.title ?? 'this item'}
          busy={dismissed.isPending}
          error={dismissed.error}
          onSend={(reason) => dismissed.mutate({ id: dismissing, reason }, { onSuccess: () => setDismissing(undefined) })}
          onCancel={() => setDismissing(undefined)}
        />
      ) : (
        <KeyBar keys={[...keys, helpKey]} />
      )}
    </>
  );
}

function QuarantineActs(props: {
  current: QuarantineItem;
  mayReplay: boolean;
  copied: boolean;
  onReplay: () => void;
  onDismiss: () => void;
  onPassOn: () => void;
  replaying: Mending<string>;
}) {
  const { replaying } = props;
  return (
    <div className="quarantine-acts">
      {props.mayReplay && (
        <button
          type="button"
          className="button primary"
          disabled={props.current.state !== 'open' || replaying.isPending}
          onClick={props.onReplay}
        >
          Replay <kbd>R</kbd>
        </button>
      )}
      {props.mayReplay && (
        <button type="button" className="button" disabled={props.current.state !== 'open'} onClick={props.onDismiss}>
          Dismiss <kbd>X</kbd>
        </button>
      )}
      <button type="button" className="button" onClick={props.onPassOn}>
        Copy a note for the sender <kbd>P</kbd>
      </button>
      <p className="small second" role="status">
        {replaying.isPending && 'Reading the stored bytes again…'}
        {replaying.isSuccess && 'Taken up for replay. What can be used goes into the record; what cannot stays here with its reason.'}
        {replaying.error && <span className="withheld">Not replayed. {replaying.error.message}</span>}
        {props.copied && 'Copied: receipt, place and reason, no patient data.'}
      </p>
      <p className="small third">
        Replay reads the stored bytes again with today’s maps. It stores nothing twice and answers nobody. What is dismissed stays here with
        its bytes and your reason, and counts as waiting no more.
      </p>
    </div>
  );
}

type Mending<T> = ReturnType<typeof useMending<T>>;

function useMending<T>(mend: (what: T) => Promise<unknown>) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: mend,
    onSettled: () => {
      for (const key of ['quarantine', 'feeds', 'receipt', 'receipt-explained', 'reread'])
        void cache.invalidateQueries({ queryKey: [key] });
    },
  });
}

/** Where and why, without a word of the message: it goes into a ticket or a mail. */
function noteFor(item: QuarantineItem): string {
  return `Countersign kept but did not use an item from ${item.source}: ${item.item}, reason ${item.reason}, received ${item.at}, receipt ${item.receipt}. Please correct and send it again.`;
}
