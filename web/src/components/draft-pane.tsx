import { Fragment } from 'react';
import type { ProposalView, SentenceView } from '../../../src/core/api.ts';
import { layOut } from '../draft.ts';
import { useZone } from '../session.ts';
import { dateText, dateTimeText } from '../time.ts';
import { counted } from '../words.ts';
import { SentenceEditor } from './sentence-editor.tsx';
import { SentenceLine } from './sentence-line.tsx';

export type Editing = { kind: 'rewrite' | 'add'; id: string } | undefined;

type Props = {
  proposal: ProposalView;
  current: string | undefined;
  editing: Editing;
  busy: boolean;
  error: Error | null;
  onChoose: (id: string) => void;
  onHover: (id: string) => void;
  onRewrite: (id: string) => void;
  /** What was typed into the editor before a session ended. */
  unsaved: string | undefined;
  onType: (text: string) => void;
  onSave: (text: string, acknowledged: boolean) => void;
  onCancel: () => void;
};

/** The draft as a clinician would print it, then what was left out of it and why. */
export function DraftPane(props: Props) {
  const { proposal } = props;
  const zone = useZone();
  const { sections, leftOut } = layOut(proposal);
  return (
    <article className="draft" aria-label="Draft">
      <h1>{proposal.title}</h1>
      <p className="draft-sub">
        Record as of {dateTimeText(proposal.asOf, zone)}
        {proposal.sources.length > 0 && (
          <span title={proposal.sources.map((one) => `${one.source}: ${counted(one.facts, 'fact')}`).join('\n')}>
            , {counted(proposal.sources.length, 'source')}
          </span>
        )}
      </p>
      {sections.map((section) => (
        <section key={section.title}>
          <h2>{section.title}</h2>
          <ul>
            {section.sentences.map((sentence) => (
              <SentenceSlot key={sentence.id} sentence={sentence} {...props} />
            ))}
          </ul>
          <Omitted omitted={proposal.omitted.filter((one) => one.section === section.title)} />
        </section>
      ))}
      <Omitted omitted={proposal.omitted.filter((one) => !sections.some((section) => section.title === one.section))} />
      {sections.length === 0 && (
        <p className="draft-sub">Nothing of this draft could be proven against the chart; there is nothing to sign.</p>
      )}
      {leftOut.length > 0 && (
        <section className="draft-left-out">
          <h2>Left out of the document ({leftOut.length})</h2>
          <ul>
            {leftOut.map((sentence) => (
              <SentenceSlot key={sentence.id} sentence={sentence} {...props} />
            ))}
          </ul>
        </section>
      )}
      <p className="unseen">Offered {dateText(proposal.offeredAt, zone)}</p>
    </article>
  );
}

/** What the page left out is said where it would have stood, or below where its section is empty. */
function Omitted(props: { omitted: ProposalView['omitted'] }) {
  return props.omitted.map((one) => (
    <p key={one.what} className="draft-omitted">
      Not shown: {one.number.toLocaleString('en-US')} {one.what}.
    </p>
  ));
}

function SentenceSlot(props: Props & { sentence: SentenceView }) {
  const { sentence, editing } = props;
  const mine = editing?.id === sentence.id ? editing.kind : undefined;
  const editor = (before: string) => (
    <li className="sentence is-editing">
      <SentenceEditor
        patient={props.proposal.patient}
        proposal={props.proposal.id}
        before={before}
        typed={props.unsaved}
        busy={props.busy}
        error={props.error}
        onType={props.onType}
        onSave={props.onSave}
        onCancel={props.onCancel}
      />
    </li>
  );
  if (mine === 'rewrite') return editor(sentence.text);
  return (
    <Fragment>
      <SentenceLine
        sentence={sentence}
        current={props.current === sentence.id && !editing}
        changed={props.proposal.changedSince.some((one) => one.sentences.includes(sentence.id))}
        onChoose={() => props.onChoose(sentence.id)}
        onHover={() => props.onHover(sentence.id)}
        onRewrite={() => props.onRewrite(sentence.id)}
      />
      {mine === 'add' && editor('')}
    </Fragment>
  );
}
