import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import type { ProposalView } from '../../../src/core/api.ts';
import type { ReasonedDecision } from '../../../src/core/decision-reason.ts';
import { DraftPane, type Editing } from '../components/draft-pane.tsx';
import { EvidencePane } from '../components/evidence-pane.tsx';
import { HandOffBar } from '../components/hand-off-bar.tsx';
import { FailurePage } from '../components/notice.tsx';
import { PatientBanner } from '../components/patient-banner.tsx';
import { ReasonBar } from '../components/reason-bar.tsx';
import { isUnread, ReviewNotice, successorOf } from '../components/review-notice.tsx';
import { ReviewSkeleton } from '../components/review-skeleton.tsx';
import { SigningBar } from '../components/signing-bar.tsx';
import { TopBarSlot } from '../components/topbar-slot.tsx';
import { WhyLine } from '../components/why-line.tsx';
import { canDecide, isLeftOut, layOut, placeInQueue, tallyOf, withAddition, withChange } from '../draft.ts';
import { helpKey, type KeyBinding, useKeys } from '../keys.ts';
import { leaseRefusal, useLease } from '../lease-actions.ts';
import { lineageQuery, proposalQuery, worklistQuery } from '../queries.ts';
import { useReviewActions } from '../review-actions.ts';
import { useNow, useOnline, useSession, useTitle, useZone } from '../session.ts';
import { signatures, useSignatures } from '../signatures.ts';
import { forgetWords, keepWords, wordsFor } from '../unsaved-words.ts';
import './review.css';

/** One draft, what it rests on, and the decision about it. */
export function Review() {
  const { id } = useParams({ from: '/shell/review/$id' });
  const proposal = useQuery(proposalQuery(id));
  if (proposal.data) return <ReviewOf key={id} proposal={proposal.data} onReload={() => void proposal.refetch()} />;
  if (proposal.error) return <FailurePage error={proposal.error} what="This draft" again={() => void proposal.refetch()} />;
  return <ReviewSkeleton />;
}

function ReviewOf(props: { proposal: ProposalView; onReload: () => void }) {
  const { proposal } = props;
  const navigate = useNavigate();
  const session = useSession();
  const online = useOnline();
  const place = usePlace(proposal.id);
  const actions = useReviewActions(proposal);
  const { order } = layOut(proposal);
  const [chosen, setChosen] = useState<{ id: string; at: number } | undefined>();
  const by = session?.identity.id;
  const zone = useZone();
  const lease = useLease();
  // What was being typed when a session ended stands in its place again.
  const [editing, setEditing] = useState<Editing>(() => editingOf(proposal, by));
  const [asking, setAsking] = useState<ReasonedDecision | 'hand-off'>();
  const [allBytes, setAllBytes] = useState(false);
  const held = useSignatures().find((one) => one.proposal === proposal.id);
  useTitle(proposal.title);

  // An edit may give a sentence a new id; the place in the draft then keeps the choice.
  const current = order.find((one) => one.id === chosen?.id) ?? order[Math.min(chosen?.at ?? 0, order.length - 1)];
  const at = current ? order.indexOf(current) : -1;
  usePrefetchedNeighbours(
    [1, -1, 2, -2, 3].map((step) => order[at + step]?.id),
    proposal.contentHash,
  );

  const clinician = session?.identity.role === 'clinician';
  const mayDecide = clinician && canDecide(proposal) && !(held && held.state !== 'failed');
  const refusal = held?.state === 'failed' ? held.error : undefined;
  const unread = isUnread(refusal);
  const successor = successorOf(refusal) ?? proposal.successor;
  const blocked = whyNotSigned({
    proposal,
    clinician,
    online,
    held: held !== undefined && held.state !== 'failed',
    stale: refusal?.code === 'stale' && !unread,
    writing: editing !== undefined,
  });
  const opened =
    current !== undefined && (current.verdict.outcome !== 'unproven' || current.author.kind === 'human' || current.sourceOpened);

  function choose(step: number) {
    const next = order[Math.min(Math.max(at + step, 0), order.length - 1)];
    if (next) setChosen({ id: next.id, at: order.indexOf(next) });
  }
  function goTo(id: string | undefined) {
    if (id) void navigate({ to: '/review/$id', params: { id } });
    else void navigate({ to: '/queue' });
  }
  function sign() {
    if (blocked) return;
    signatures.hold({
      proposal: proposal.id,
      title: proposal.title,
      patient: proposal.person.name ?? 'patient',
      contentHash: proposal.contentHash,
      by: by ?? '',
    });
    goTo(place.next?.id);
  }
  function toggleSelected() {
    if (!current || isLeftOut(current) || !mayDecide || actions.edit.isPending) return;
    if (!current.selected && !opened) return;
    actions.edit.mutate(withChange(proposal, current.id, { selected: !current.selected }));
  }
  function save(text: string, acknowledged: boolean) {
    if (!editing) return;
    const own = { text, ...(acknowledged ? { acknowledged } : {}) };
    const sentences =
      editing.kind === 'add' ? withAddition(proposal, editing.id, own) : withChange(proposal, editing.id, { ...own, selected: true });
    actions.edit.mutate(sentences, {
      onSuccess: () => {
        if (editing.kind === 'add') setChosen({ id: '', at: at + 1 });
        forgetWords(proposal.id);
        setEditing(undefined);
      },
    });
  }
  function write(kind: 'rewrite' | 'add', id = current?.id) {
    if (!id || !mayDecide) return;
    actions.edit.reset();
    setChosen({ id, at: order.findIndex((one) => one.id === id) });
    setEditing({ kind, id });
  }
  function ask(kind: ReasonedDecision | 'hand-off') {
    actions.decide.reset();
    lease.reset();
    setAsking(kind);
  }

  function claim() {
    if (!lease.isPending) lease.mutate({ id: proposal.id, act: proposal.with?.you ? 'release' : 'claim' });
  }

  const acceptWord = current?.selected ? 'leave out' : 'accept';
  const keys: KeyBinding[] = [
    { key: 'ArrowUp', does: 'sentence', run: () => choose(-1), bar: true },
    { key: 'ArrowDown', does: 'sentence', run: () => choose(1), bar: true },
    { key: 's', does: 'sign', run: sign, bar: true, off: blocked !== undefined },
    { key: 'e', does: 'edit', run: () => write('rewrite'), bar: true, off: !mayDecide },
    { key: 'o', does: 'open source', run: () => current && actions.open.mutate(current.id), bar: true, off: opened || !mayDecide },
    {
      key: 'a',
      does: acceptWord,
      run: toggleSelected,
      bar: current?.verdict.outcome === 'unproven',
      off: !mayDecide || !current || isLeftOut(current) || (!opened && !current.selected),
    },
    { key: 'n', does: 'add a sentence of your own', run: () => write('add'), off: !mayDecide || !current || isLeftOut(current) },
    { key: 'd', does: 'decline', run: () => ask('decline'), bar: true, off: !mayDecide },
    { key: 'x', does: 'escalate', run: () => ask('escalate'), bar: true, off: !mayDecide },
    { key: 'c', does: proposal.with?.you ? 'give back' : 'claim', run: claim, bar: true, off: !mayDecide || proposal.with?.you === false },
    { key: 'h', does: 'hand on', run: () => ask('hand-off'), off: !mayDecide || proposal.with?.you === false },
    { key: 'b', does: allBytes ? 'lit bytes only' : 'all bytes', run: () => setAllBytes(!allBytes), bar: true },
    { key: 'f', does: 'open the fresh draft', run: () => goTo(successor ?? undefined), bar: true, off: !successor },
    { key: 'ArrowRight', does: place.next ? `next: ${nextWords(place.next)}` : 'to the queue', run: () => goTo(place.next?.id), bar: true },
    { key: 'ArrowLeft', does: 'draft before', run: () => goTo(place.before?.id), off: !place.before },
    { key: 'q', does: 'back to the queue', run: () => void navigate({ to: '/queue' }) },
  ];
  useKeys(editing || asking ? [] : keys);

  return (
    <main className="review">
      <TopBarSlot>{place.at > 0 && <span className="second nowrap">{`${place.at} of ${place.of} in the queue`}</span>}</TopBarSlot>
      <PatientBanner person={proposal.person} linked />
      <WhyLine proposal={proposal} />
      <ReviewNotice
        proposal={proposal}
        refusal={refusal}
        onReload={() => {
          signatures.dismiss(proposal.id);
          props.onReload();
        }}
        onSignAgain={() => void signatures.sendNow(proposal.id)}
      />
      <div className="review-panes">
        <div className="review-draft">
          <DraftPane
            proposal={proposal}
            current={current?.id}
            editing={editing}
            busy={actions.edit.isPending}
            error={actions.edit.error}
            onChoose={(id) => setChosen({ id, at: order.findIndex((one) => one.id === id) })}
            onHover={(id) => !editing && setChosen({ id, at: order.findIndex((one) => one.id === id) })}
            onRewrite={(id) => write('rewrite', id)}
            onSave={save}
            unsaved={wordsFor(proposal.id, by)?.text}
            onType={(text) => editing && by && keepWords(proposal.id, { by, kind: editing.kind, sentence: editing.id, text })}
            onCancel={() => {
              forgetWords(proposal.id);
              setEditing(undefined);
            }}
          />
          {actions.edit.error && !editing && (
            <p className="small withheld review-refused" role="alert">
              Not changed. {actions.edit.error.message}
            </p>
          )}
        </div>
        <div className="review-evidence">
          {current && (
            <EvidencePane
              sentence={current}
              changed={proposal.changedSince.some((one) => one.sentences.includes(current.id))}
              wordsOf={proposal.sentences.filter((one) => current.wordsOf?.sentences.includes(one.id)).map((one) => one.text)}
              contentHash={proposal.contentHash}
              allBytes={allBytes}
              opened={opened || !clinician}
              opening={actions.open.isPending}
              openError={actions.open.error}
              canAccept={mayDecide && !actions.edit.isPending}
              onOpen={() => actions.open.mutate(current.id)}
              onAccept={toggleSelected}
            />
          )}
        </div>
      </div>
      {lease.error && asking !== 'hand-off' && (
        <p className="small look review-lease" role="alert">
          {leaseRefusal(lease.error, zone)}
        </p>
      )}
      {asking === 'hand-off' ? (
        <HandOffBar
          what={`${proposal.person.name ?? 'this patient'}, ${proposal.title.toLowerCase()}`}
          busy={lease.isPending}
          refusal={lease.error ? leaseRefusal(lease.error, zone) : undefined}
          onSend={(to, reason) => lease.mutate({ id: proposal.id, act: 'hand-off', to, reason }, { onSuccess: () => goTo(place.next?.id) })}
          onCancel={() => setAsking(undefined)}
        />
      ) : asking ? (
        <ReasonBar
          kind={asking}
          busy={actions.decide.isPending}
          error={actions.decide.error}
          onSend={(given) => actions.decide.mutate({ kind: asking, given }, { onSuccess: () => goTo(place.next?.id) })}
          onCancel={() => setAsking(undefined)}
        />
      ) : (
        <SigningBar proposal={proposal} keys={editing ? [helpKey] : [...keys, helpKey]} blockedBecause={blocked} onSign={sign} />
      )}
    </main>
  );
}

/** The sentence that somebody was writing, where it is still there to be written. */
function editingOf(proposal: ProposalView, by: string | undefined): Editing {
  const words = wordsFor(proposal.id, by);
  if (!words || !canDecide(proposal) || !proposal.sentences.some((one) => one.id === words.sentence)) return undefined;
  return { kind: words.kind, id: words.sentence };
}

function usePlace(id: string) {
  const worklist = useQuery(worklistQuery()).data;
  const held = new Set(useSignatures().map((one) => one.proposal));
  return placeInQueue(worklist, id, held, useNow(), useZone());
}

/** The evidence of the neighbours is fetched before it is asked for, so that arrowing never waits. */
function usePrefetchedNeighbours(ids: (string | undefined)[], contentHash: string): void {
  const cache = useQueryClient();
  const wanted = ids.filter((id) => id !== undefined).join(' ');
  useEffect(() => {
    for (const id of wanted.split(' ').filter(Boolean)) void cache.prefetchQuery(lineageQuery(id, contentHash));
  }, [wanted, contentHash, cache]);
}

function whyNotSigned(is: {
  proposal: ProposalView;
  clinician: boolean;
  online: boolean;
  held: boolean;
  stale: boolean;
  writing: boolean;
}): string | undefined {
  if (is.held) return 'You have signed this draft; it is being sent. Until it is, U takes the signature back.';
  if (is.stale || is.proposal.state === 'stale') return 'This draft is out of date and cannot be signed; the fresh one can.';
  if (!canDecide(is.proposal)) return 'This draft is not open, so it cannot be signed.';
  if (!is.clinician) return 'Only a clinician may sign. Sign in as one, or hand this draft to one.';
  if (!is.online) return 'This computer is offline: nothing can be signed until it is back.';
  if (is.writing) return 'Keep or cancel your words first; then the draft can be signed.';
  if (tallyOf(is.proposal).selected === 0)
    return 'No sentence is selected, so there is nothing to sign. Decline the draft, or accept or write a sentence.';
  return undefined;
}

function nextWords(item: { title: string; person: { name: string | null } }): string {
  const family = item.person.name?.split(',')[0];
  return family ? `${family}, ${item.title.toLowerCase()}` : item.title;
}
