import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, useState } from 'react';
import { openStates } from '../../../src/core/proposal.ts';
import { HandOffBar } from '../components/hand-off-bar.tsx';
import { Icon } from '../components/icon.tsx';
import { KeyBar } from '../components/keybar.tsx';
import { Empty, Failure, Skeleton } from '../components/notice.tsx';
import { QueueTable } from '../components/queue-table.tsx';
import { SearchField } from '../components/search-field.tsx';
import { TopBarSlot } from '../components/topbar-slot.tsx';
import { WordMenu } from '../components/word-menu.tsx';
import { showCurrentRow } from '../current-row.ts';
import { helpKey, type KeyBinding, useKeys } from '../keys.ts';
import { leaseRefusal, useLease } from '../lease-actions.ts';
import { withSentence } from '../lease-words.ts';
import { worklistQuery } from '../queries.ts';
import { filterQueue, groupQueue } from '../queue-groups.ts';
import type { QueueSearch } from '../queue-search.ts';
import { useNow, useSession, useTitle, useZone } from '../session.ts';
import { useSteadyList } from '../steady-list.ts';
import { counted, proposalWords } from '../words.ts';
import './queue.css';

/** Rows shown before asking for more; a laptop shows them on one or two screens. */
const PAGE_ROWS = 40;

/** The row to come back to after a review. */
const lastOpened: { id: string | undefined } = { id: undefined };

const stateOptions = [
  { value: undefined, word: 'open' },
  ...(['offered', 'opened', 'edited', 'escalated', 'stale', 'recalled', 'signed', 'declined', 'blocked', 'withdrawn'] as const).map(
    (value) => ({
      value: value as string,
      word: proposalWords[value].word,
    }),
  ),
];
const dueOptions = [
  { value: undefined, word: 'due any time' },
  { value: 'hour' as const, word: 'due within the hour' },
  { value: 'today' as const, word: 'due today' },
  { value: 'week' as const, word: 'due this week' },
];

const whoOptions = [
  { value: undefined, word: 'with anybody' },
  { value: 'me' as const, word: 'with me' },
  { value: 'nobody' as const, word: 'in the pool' },
];

/** The work queue: what waits for a human, most urgent first. It stands still while it is read. */
export function Queue() {
  const search = useSearch({ from: '/shell/queue' });
  const navigate = useNavigate();
  const zone = useZone();
  const now = useNow();
  const worklist = useQuery(worklistQuery(search.state));
  const { items, gone, waiting, accept } = useSteadyList(worklist.data, worklist.dataUpdatedAt, search.state ?? 'open');
  const [limit, setLimit] = useState(PAGE_ROWS);
  const [current, setCurrent] = useState<string | undefined>(() => lastOpened.id);
  const [handing, setHanding] = useState<string | undefined>();
  const find = useRef<HTMLInputElement>(null);
  const lease = useLease();
  const mayDecide = useSession()?.identity.role === 'clinician';
  useTitle('Queue');

  const wanted = useMemo(() => filterQueue(items, search, now, zone), [items, search, now, zone]);
  const ordered = useMemo(() => groupQueue(wanted, now, zone).flatMap((group) => group.items), [wanted, now, zone]);
  const groups = groupQueue(ordered.slice(0, limit), now, zone);
  const currentId = ordered.some((item) => item.id === current) ? current : ordered[0]?.id;

  function move(step: number) {
    const at = ordered.findIndex((item) => item.id === currentId);
    const next = ordered[Math.min(Math.max(at + step, 0), ordered.length - 1)];
    if (!next) return;
    if (ordered.indexOf(next) >= limit) setLimit(limit + PAGE_ROWS);
    setCurrent(next.id);
  }
  function open(id: string | undefined) {
    if (!id) return;
    lastOpened.id = id;
    void navigate({ to: '/review/$id', params: { id } });
  }
  function change(part: { [K in keyof QueueSearch]: QueueSearch[K] | undefined }) {
    void navigate({ to: '/queue', search: (before) => dropEmpty({ ...before, ...part }), replace: true });
  }

  const row = ordered.find((item) => item.id === currentId);
  const decidable = row !== undefined && mayDecide && openStates.includes(row.state);
  function claim() {
    if (row && !lease.isPending) lease.mutate({ id: row.id, act: row.with?.you ? 'release' : 'claim' });
  }
  function handOn() {
    lease.reset();
    setHanding(row?.id);
  }

  const keys: KeyBinding[] = [
    { key: 'j', does: 'move', run: () => move(1), bar: true },
    { key: 'k', does: 'move', run: () => move(-1), bar: true },
    { key: 'Enter', does: 'open', run: () => open(currentId), bar: true },
    { key: 'ArrowDown', does: 'next row', run: () => move(1) },
    { key: 'ArrowUp', does: 'row before', run: () => move(-1) },
    { key: 'c', does: row?.with?.you ? 'give back' : 'claim', run: claim, bar: true, off: !decidable },
    { key: 'h', does: 'hand on', run: handOn, bar: true, off: !decidable },
    { key: '/', does: 'search', run: () => find.current?.focus(), bar: true },
    { key: 'f', does: 'filter', run: () => document.querySelector<HTMLElement>('.filter-word')?.focus(), bar: true },
    { key: 'r', does: 'show new items', run: accept, bar: true, off: waiting + gone.size === 0 },
  ];
  useKeys(handing ? [] : keys);
  useEffect(() => {
    showCurrentRow('.queue');
  });

  const packs = [...new Set(items.map((item) => item.pack))].sort();
  return (
    <>
      <TopBarSlot>
        <span role="status">
          {waiting + gone.size > 0 && (
            <button type="button" className="link" onClick={accept}>
              {waitingText(waiting, gone.size)} <kbd>R</kbd>
            </button>
          )}
        </span>
      </TopBarSlot>
      <main className="scroll queue">
        <div className="queue-head">
          <h1>{worklist.data ? counted(wanted.length, `${search.state ?? 'open'} item`) : 'Queue'}</h1>
          <span className="queue-filters">
            <WordMenu label="state" value={search.state} options={stateOptions} onChoose={(state) => change({ state })} />
            <WordMenu
              label="pack"
              value={search.pack}
              options={[{ value: undefined, word: 'any pack' }, ...packs.map((pack) => ({ value: pack as string, word: pack }))]}
              onChoose={(pack) => change({ pack })}
            />
            <WordMenu label="with" value={search.who} options={whoOptions} onChoose={(who) => change({ who })} />
            <WordMenu label="due" value={search.due} options={dueOptions} onChoose={(due) => change({ due })} />
            <SearchField
              ref={find}
              className="queue-find"
              label="Search this queue"
              placeholder="search"
              value={search.q ?? ''}
              onSearch={(q) => change({ q })}
            />
          </span>
          <span className="mono third queue-url">{addressOf(search)}</span>
        </div>
        <p className="small queue-lease" role="status">
          {lease.error && <span className="look">{leaseRefusal(lease.error, zone)}</span>}
          {lease.isSuccess && row?.id === lease.variables.id && <span className="second">{withSentence(row.with, zone)}.</span>}
        </p>
        <QueueBody
          error={worklist.error}
          pending={worklist.isPending}
          empty={wanted.length === 0}
          filtered={Object.keys(search).length > 0}
          again={() => void worklist.refetch()}
          clear={() => void navigate({ to: '/queue', search: {} })}
        >
          <QueueTable groups={groups} current={currentId} gone={gone} now={now} onOpen={open} onSelect={setCurrent} />
          {ordered.length > limit && (
            <button type="button" className="button queue-more" onClick={() => setLimit(limit + PAGE_ROWS)}>
              {limit} of {ordered.length} shown, show more
            </button>
          )}
        </QueueBody>
      </main>
      {handing ? (
        <HandOffBar
          what={`${row?.person.name ?? 'this patient'}, ${row?.title.toLowerCase() ?? 'draft'}`}
          busy={lease.isPending}
          refusal={lease.error ? leaseRefusal(lease.error, zone) : undefined}
          onSend={(to, reason) => lease.mutate({ id: handing, act: 'hand-off', to, reason }, { onSuccess: () => setHanding(undefined) })}
          onCancel={() => setHanding(undefined)}
        />
      ) : (
        <KeyBar keys={[...keys, helpKey]}>
          <span className="word proven">
            <Icon name="proven" />
            proven
          </span>
          <span className="word look">
            <Icon name="look" />
            needs a look
          </span>
          <span className="word withheld">
            <Icon name="withheld" />
            withheld
          </span>
        </KeyBar>
      )}
    </>
  );
}

function QueueBody(props: {
  error: Error | null;
  pending: boolean;
  empty: boolean;
  filtered: boolean;
  again: () => void;
  clear: () => void;
  children: React.ReactNode;
}) {
  if (props.pending) return <Skeleton lines={24} label="Loading the queue" />;
  if (props.error && props.empty) return <Failure error={props.error} what="The queue" again={props.again} />;
  if (!props.empty) return props.children;
  if (!props.filtered)
    return (
      <Empty title="Nothing waits for you.">
        Drafts appear here when a visit is booked or a result changes what a clinician should know. This page announces them.
      </Empty>
    );
  return (
    <Empty title="No item matches these words.">
      <button type="button" className="link" onClick={props.clear}>
        Show all open items
      </button>
    </Empty>
  );
}

function waitingText(waiting: number, gone: number): string {
  const left = gone > 0 ? `${gone} decided or withdrawn` : '';
  if (waiting === 0) return `${left}, update`;
  return `${counted(waiting, 'new item')}${left ? `, ${left}` : ''}, show`;
}

function addressOf(search: QueueSearch): string {
  const query = new URLSearchParams(Object.entries(search).map(([name, value]) => [name, String(value)])).toString();
  return query ? `/queue?${query}` : '/queue';
}

function dropEmpty(search: { [K in keyof QueueSearch]: QueueSearch[K] | undefined }): QueueSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value)) as QueueSearch;
}
