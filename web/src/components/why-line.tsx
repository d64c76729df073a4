import type { LeaseView, ProposalView } from '../../../src/core/api.ts';
import { canDecide } from '../draft.ts';
import { withSentence, withWord } from '../lease-words.ts';
import { useNow, useZone } from '../session.ts';
import { clockText, dateTimeText, dayDistance, exactText, spanText } from '../time.ts';
import { Icon } from './icon.tsx';

/** Why this draft is in front of you, what it is, who wrote it, and until when. */
export function WhyLine(props: { proposal: ProposalView }) {
  const { proposal } = props;
  return (
    <section className="why" aria-label="Why this is here">
      <span>
        <span className="third">Why</span> {proposal.why}
      </span>
      <span>
        <span className="third">What</span> {proposal.title}, {proposal.pack}
      </span>
      <span>
        <span className="third">Written by</span> {writersOf(proposal)}
      </span>
      {canDecide(proposal) && <Worker lease={proposal.with} />}
      <Due dueAt={proposal.dueAt} decided={proposal.decision !== null} />
    </section>
  );
}

/** With whom the draft is, until when; the pool is everybody. */
function Worker(props: { lease: LeaseView | null }) {
  const zone = useZone();
  const { lease } = props;
  return (
    <span title={withSentence(lease, zone)}>
      <span className="third">With</span> {withWord(lease)}
      {lease && <span className="third"> until {clockText(lease.until, zone)}</span>}
    </span>
  );
}

function Due(props: { dueAt: string | null; decided: boolean }) {
  const zone = useZone();
  const now = useNow();
  if (!props.dueAt) return <span className="push third">No due time</span>;
  const wait = Date.parse(props.dueAt) - now;
  const when = dayDistance(props.dueAt, now, zone) === 0 ? clockText(props.dueAt, zone) : dateTimeText(props.dueAt, zone);
  const tone = props.decided ? 'second' : wait < 0 ? 'withheld strong' : wait < 3_600_000 ? 'look strong' : 'second';
  return (
    <span className={`push word ${tone}`} title={exactText(props.dueAt, zone)}>
      <Icon name="clock" />
      <span>{wait < 0 ? `Overdue by ${spanText(wait)}, ${when}` : `Due in ${spanText(wait)}, ${when}`}</span>
    </span>
  );
}

/** The built-in writer uses no model and says so; a human's words are named as such. */
function writersOf(proposal: ProposalView): string {
  const writers = [...new Set(proposal.sentences.filter((one) => one.author.kind === 'writer').map((one) => one.author.id))];
  const words = writers.map((id) => (/^(built-?in|writer)/.test(id) ? 'built-in writer, no model' : id));
  const own = proposal.sentences.filter((one) => one.author.kind === 'human').length;
  return [...new Set(words), ...(own > 0 ? [`${own} by hand`] : [])].join('; ') || 'nobody yet';
}
