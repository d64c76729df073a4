import { Link } from '@tanstack/react-router';
import type { ChangedFact, FactView, ProposalView } from '../../../src/core/api.ts';
import type { ApiError, StaleDetails } from '../api.ts';
import { useNow, useZone } from '../session.ts';
import { clockText, dateTimeText, dayDistance } from '../time.ts';
import { changedSinceWords, changeWords } from '../words.ts';
import { Moment } from './moment.tsx';
import { Notice } from './notice.tsx';

/** Why this draft cannot be signed as it stands, with the difference and where to go; between the banner and the draft, never over it. */
export function ReviewNotice(props: {
  proposal: ProposalView;
  refusal: ApiError | undefined;
  onReload: () => void;
  onSignAgain: () => void;
}) {
  const { proposal, refusal } = props;
  if (proposal.changedSince.length > 0) return <ChangedSince changed={proposal.changedSince} person={proposal.patient} />;
  if (proposal.decision) return null;
  if (refusal && isUnread(refusal)) return <Unread refusal={refusal} onSignAgain={props.onSignAgain} />;
  if (refusal?.code === 'stale' || proposal.state === 'stale')
    return <Stale successor={successorOf(refusal) ?? proposal.successor} changes={changesOf(refusal)} />;
  if (refusal?.code === 'decided') {
    return (
      <Notice tone="look" icon="warning" urgent>
        Somebody decided this draft before your signature arrived; nothing was written twice.{' '}
        <button type="button" className="link" onClick={props.onReload}>
          Show what was decided
        </button>
      </Notice>
    );
  }
  if (refusal?.code === 'hash') {
    return (
      <Notice tone="look" icon="warning" urgent>
        This draft was edited elsewhere after you opened it, so your signature was not used.{' '}
        <button type="button" className="link" onClick={props.onReload}>
          Show it as it is now
        </button>
      </Notice>
    );
  }
  if (refusal) {
    return (
      <Notice tone="withheld" icon="warning" urgent>
        Not signed. {refusal.message}
      </Notice>
    );
  }
  return (
    <>
      <StateNotice proposal={proposal} />
      <WorkerNotice proposal={proposal} />
    </>
  );
}

/** A colleague's draft may be decided about, knowing that it is theirs; a draft handed on says by whom and why. */
function WorkerNotice(props: { proposal: ProposalView }) {
  const zone = useZone();
  const lease = props.proposal.with;
  if (!lease || (lease.you && !lease.handedBy)) return null;
  if (lease.you) {
    return (
      <Notice tone="accent" icon="up">
        {lease.handedBy} handed this to you{lease.reason ? `: ${lease.reason}` : ''}
      </Notice>
    );
  }
  return (
    <Notice tone="look" icon="warning">
      <span className="strong">
        {lease.name} is working on this draft until {clockText(lease.until, zone)}.
      </span>{' '}
      {lease.handedBy && `Handed on by ${lease.handedBy}${lease.reason ? `: ${lease.reason}` : ''}. `}
      You may decide about it if it cannot wait; the journal will say that it was theirs.
    </Notice>
  );
}

/** A signed note of which something it said is no longer so: each fact with what it was and what it is, never left unsaid. */
function ChangedSince(props: { changed: ChangedFact[]; person: string }) {
  return (
    <Notice tone="look" icon="warning" urgent>
      <p>
        <span className="strong">{changedSinceWords(props.changed.length)}.</span> The note in the EHR stays as it was signed; correct it
        there.
      </p>
      <ul className="review-changes">
        {props.changed.map((one) => (
          <li key={one.was.id}>
            {one.was.display}
            {one.was.at && (
              <span className="second">
                {' '}
                of <Moment at={one.was.at} />
              </span>
            )}
            : <s>{factWords(one.was)}</s> {one.now && one.how !== 'retracted' ? <span className="strong">{factWords(one.now)}</span> : null}{' '}
            <span className="second">
              {changeWords[one.how]}
              {one.since && (
                <>
                  , <Moment at={one.since} />
                </>
              )}
            </span>{' '}
            {one.now && (
              <Link to="/patients/$id" params={{ id: props.person }} search={{ fact: one.now.id }} className="link">
                Its versions and bytes
              </Link>
            )}
            {one.how === 'corrected' && factWords(one.was) === factWords(one.now!) && <OtherAtoms changes={one.changes} />}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

/** Where the value is the same, what else the correction says. */
function OtherAtoms(props: { changes: ChangedFact['changes'] }) {
  return props.changes.map((one) => (
    <span key={one.name} className="second">
      {' '}
      {one.name} <s>{one.from ?? 'not given'}</s> {one.to ?? 'no longer given'}
    </span>
  ));
}

function factWords(fact: FactView): string {
  return fact.value === null ? (fact.status ?? 'recorded') : `${fact.value}${fact.unit ? ` ${fact.unit}` : ''}`;
}

/** Nothing is wrong with the draft: what has arrived has to be read first, and then the same signature can be sent again. */
function Unread(props: { refusal: ApiError; onSignAgain: () => void }) {
  const zone = useZone();
  const now = useNow();
  const { unreadSince } = props.refusal.details as StaleDetails;
  return (
    <Notice tone="look" icon="clock" urgent>
      <span className="strong">
        Not signed: a message that may be about this patient arrived{unreadSince ? sinceText(unreadSince, now, zone) : ''} and has not been
        read yet.
      </span>{' '}
      Nothing was written; this draft stays as it is. Messages are read within seconds: wait, then{' '}
      <button type="button" className="link" onClick={props.onSignAgain}>
        sign again
      </button>
      . If it stays unread,{' '}
      <Link to="/feeds" className="link">
        Feeds
      </Link>{' '}
      shows the integration team why.
    </Notice>
  );
}

function sinceText(at: string, now: number, zone: string): string {
  return dayDistance(at, now, zone) === 0 ? ` at ${clockText(at, zone)}` : ` on ${dateTimeText(at, zone)}`;
}

function Stale(props: { changes: { text: string }[]; successor: string | null }) {
  return (
    <Notice tone="look" icon="warning" urgent>
      <p>
        <span className="strong">The chart changed after this draft was written, so it cannot be signed.</span> Nothing was written.{' '}
        {props.successor ? (
          <Link to="/review/$id" params={{ id: props.successor }} className="link">
            Open the fresh draft <kbd>F</kbd>
          </Link>
        ) : (
          <span className="second">A fresh draft is being written; it will stand in the queue.</span>
        )}
      </p>
      {props.changes.length > 0 && (
        <ul className="review-changes">
          {props.changes.map((one) => (
            <li key={one.text}>{one.text}</li>
          ))}
        </ul>
      )}
    </Notice>
  );
}

function StateNotice(props: { proposal: ProposalView }) {
  const words: Partial<Record<ProposalView['state'], string>> = {
    recalled: 'A fact that this draft relied on was corrected or retracted. It cannot be signed until it was written again.',
    withdrawn: 'This draft was withdrawn: what it was written for no longer holds. It cannot be signed.',
    blocked: 'Policy blocks this draft. It cannot be signed by anybody; ask the governance lead why.',
    escalated: 'This draft was escalated by a colleague and waits for somebody who may decide.',
  };
  const text = words[props.proposal.state];
  if (!text) return null;
  return (
    <Notice tone="look" icon="warning">
      {text}
      {props.proposal.successor && (
        <>
          {' '}
          <Link to="/review/$id" params={{ id: props.proposal.successor }} className="link">
            Open the fresh draft <kbd>F</kbd>
          </Link>
        </>
      )}
    </Notice>
  );
}

/** Refused because something that may be about the patient waits to be read, not because the draft is out of date. */
export function isUnread(refusal: ApiError | undefined): boolean {
  return refusal?.code === 'stale' && (refusal.details as StaleDetails | undefined)?.kind === 'unread';
}

export function successorOf(refusal: ApiError | undefined): string | null {
  return refusal?.code === 'stale' ? ((refusal.details as StaleDetails | undefined)?.successor ?? null) : null;
}

function changesOf(refusal: ApiError | undefined): { text: string }[] {
  return refusal?.code === 'stale' ? ((refusal.details as StaleDetails | undefined)?.changes ?? []) : [];
}
