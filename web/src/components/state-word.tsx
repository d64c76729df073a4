import type { ReactNode } from 'react';
import type { Tally } from '../../../src/core/api.ts';
import type { StateWord as Word } from '../words.ts';
import { Icon } from './icon.tsx';

/** Icon, word and colour of a state, always the three together. */
export function StateWord(props: { of: Word; children?: ReactNode }) {
  return (
    <span className={`word ${props.of.tone}`}>
      <Icon name={props.of.icon} />
      <span>{props.children ?? props.of.word}</span>
    </span>
  );
}

/** Verdicts of a draft as icons and numbers; the words are read out and explained by the legend below the table. */
export function TallyMarks(props: { tally: Tally }) {
  const { proven, unproven, contradicted } = props.tally;
  if (proven + unproven + contradicted === 0) return <span className="third">no draft</span>;
  return (
    <span className="tally">
      <Mark icon="proven" tone="proven" number={proven} word="proven" />
      {unproven > 0 && <Mark icon="look" tone="look" number={unproven} word="need a look" />}
      {contradicted > 0 && <Mark icon="withheld" tone="withheld" number={contradicted} word="withheld" />}
    </span>
  );
}

function Mark(props: { icon: 'proven' | 'look' | 'withheld'; tone: string; number: number; word: string }) {
  return (
    <span className={`word ${props.tone}`}>
      <Icon name={props.icon} />
      {props.number}
      <span className="unseen"> {props.word}</span>
    </span>
  );
}
