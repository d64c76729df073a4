import { useQuery } from '@tanstack/react-query';
import type { LineageView, SentenceView } from '../../../src/core/api.ts';
import { lineageQuery } from '../queries.ts';
import { useZone } from '../session.ts';
import { dateTimeText } from '../time.ts';
import { outcomeWords } from '../words.ts';
import { FactsTable } from './facts-table.tsx';
import { Failure, Skeleton } from './notice.tsx';
import { reasonText } from './sentence-line.tsx';
import { SeriesPlot } from './series-plot.tsx';
import { SourceView } from './source-view.tsx';
import { StateWord } from './state-word.tsx';

type Props = {
  sentence: SentenceView;
  /** Signed, and resting on a fact that says something else since. */
  changed: boolean;
  /** The writer's sentences whose words this one still carries, where a human wrote it. */
  wordsOf: string[];
  contentHash: string;
  allBytes: boolean;
  /** The sources are shown: always for what was decided by the verifier, on asking for what needs a look. */
  opened: boolean;
  opening: boolean;
  openError: Error | null;
  canAccept: boolean;
  onOpen: () => void;
  onAccept: () => void;
};

/** What the chosen sentence rests on: its verdict, its atoms, the facts newest first, and the bytes they came from. */
export function EvidencePane(props: Props) {
  const { sentence } = props;
  const lineage = useQuery(lineageQuery(sentence.id, props.contentHash));
  return (
    <section className="evidence" aria-label="What this sentence rests on">
      <VerdictLine sentence={sentence} changed={props.changed} />
      <WhoseWords sentence={sentence} before={props.wordsOf} />
      <Acceptance {...props} />
      {lineage.isPending && <Skeleton lines={9} label="Loading the evidence" />}
      {lineage.error && <Failure error={lineage.error} what="The evidence of this sentence" again={() => void lineage.refetch()} />}
      {lineage.data && <Evidence lineage={lineage.data} allBytes={props.allBytes} opened={props.opened} />}
    </section>
  );
}

function VerdictLine(props: { sentence: SentenceView; changed: boolean }) {
  const { outcome } = props.sentence.verdict;
  if (props.changed)
    return (
      <p className="verdict">
        <span className="strong">
          <StateWord of={{ icon: 'warning', word: 'Changed since signed', tone: 'look' }} />
        </span>
        <span className="second">
          It was {outcomeWords[outcome].word.toLowerCase()} when it was signed; a fact it rests on says something else now.
        </span>
      </p>
    );
  const words = reasonText(props.sentence);
  return (
    <p className="verdict">
      <span className="strong">
        <StateWord of={outcomeWords[outcome]} />
      </span>
      <span className="second">
        {outcome === 'proven'
          ? 'Every number, unit, date and word is used by a claim that the chart supports.'
          : words || 'The chart neither proves nor contradicts this.'}
      </span>
    </p>
  );
}

/** Of a human's sentence: whether it is signed as their own or still with the AI label, and why. */
function WhoseWords(props: { sentence: SentenceView; before: string[] }) {
  const { sentence, before } = props;
  if (sentence.author.kind !== 'human') return null;
  if (!sentence.wordsOf) return <p className="small second acceptance">A human’s own words, signed without the AI label.</p>;
  return (
    <p className="small acceptance">
      <span className="look strong">AI label kept.</span>{' '}
      <span className="second">
        A human wrote this, nearly in the writer’s words{before.length > 0 && <> “{before.join('” and “')}”</>}. It is signed as the human’s
        and labelled as AI-written.
      </span>
    </p>
  );
}

/** An unproven sentence is accepted only after its source was opened by the one who accepts it. */
function Acceptance(props: Props) {
  const { sentence } = props;
  if (sentence.verdict.outcome !== 'unproven' || sentence.author.kind === 'human') return null;
  if (sentence.selected) {
    return <p className="acceptance small second">Accepted by you: it will be signed. A leaves it out again.</p>;
  }
  return (
    <div className="acceptance">
      {props.opened ? (
        <button type="button" className="button" disabled={!props.canAccept} onClick={props.onAccept}>
          Accept this sentence <kbd>A</kbd>
        </button>
      ) : (
        <button type="button" className="button" disabled={props.opening} onClick={props.onOpen}>
          Open its source <kbd>O</kbd>
        </button>
      )}
      <span className="small third">
        {props.opened
          ? 'It is left out of the document unless you accept it.'
          : 'Left out unless accepted; it can be accepted once its source was opened.'}
      </span>
      {props.openError && (
        <p className="small withheld">The opening could not be recorded, so it cannot be accepted yet. {props.openError.message}</p>
      )}
    </div>
  );
}

function Evidence(props: { lineage: LineageView; allBytes: boolean; opened: boolean }) {
  const { lineage } = props;
  const nothing = lineage.facts.length === 0 && lineage.sources.length === 0 && lineage.absences.length === 0;
  return (
    <>
      <ClaimAtoms claims={lineage.claims} />
      {lineage.facts.length > 0 && (
        <>
          <h3 className="evidence-title">Facts, newest first</h3>
          <FactsTable facts={lineage.facts} />
        </>
      )}
      <Absences absences={lineage.absences} />
      {props.opened &&
        lineage.sources.map((source) => <SourceView key={`${source.receipt} ${source.title}`} source={source} all={props.allBytes} />)}
      {props.opened && nothing && (
        <p className="small second evidence-none">No fact, message or note in the chart speaks of this. There is no source to show.</p>
      )}
      {lineage.series && <SeriesPlot series={lineage.series} />}
    </>
  );
}

/** Atoms by the names a clinician uses. */
const atomWords: Record<string, string> = {
  on: 'when',
  until: 'until',
  latest: 'nothing later',
  fromOn: 'from date',
  toOn: 'to date',
  asOf: 'as of',
  orderedOn: 'ordered',
  recordedOn: 'recorded',
  correctedFrom: 'corrected from',
};

function ClaimAtoms(props: { claims: LineageView['claims'] }) {
  const zone = useZone();
  return (
    <>
      {props.claims.map((claim, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a claim is its place in the sentence
        <dl className="atoms" key={index}>
          {claim.atoms.map((atom) => (
            <div key={atom.name}>
              <dt className="label">{atomWords[atom.name] ?? atom.name}</dt>
              <dd>{/^\d{4}-\d{2}/.test(atom.text) ? dateTimeText(atom.text, zone) : atom.text}</dd>
            </div>
          ))}
        </dl>
      ))}
    </>
  );
}

/** Absence is a search that found nothing: what was searched, until when, and how much. */
function Absences(props: { absences: LineageView['absences'] }) {
  const zone = useZone();
  if (props.absences.length === 0) return null;
  return (
    <>
      <h3 className="evidence-title">Searches that found nothing</h3>
      <ul className="small">
        {props.absences.map((one) => (
          <li key={`${one.query.of} ${one.query.concept ?? ''}`}>
            {one.query.of}
            {one.query.concept ? `: ${one.query.concept}` : ''}
            {one.query.since ? `, since ${dateTimeText(one.query.since, zone)}` : ', in the whole record'}
            <span className="second">
              : {one.searched.toLocaleString('en-US')} facts searched as of {dateTimeText(one.asOf, zone)}, 0 found. Searched again by the
              verifier.
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
