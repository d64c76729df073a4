import { useEffect, useRef } from 'react';
import type { SentenceView } from '../../../src/core/api.ts';
import { isLeftOut } from '../draft.ts';
import { sentenceWord } from '../words.ts';
import { Icon } from './icon.tsx';

type Props = {
  sentence: SentenceView;
  current: boolean;
  /** Signed, and resting on a fact that says something else since. */
  changed: boolean;
  onChoose: () => void;
  onHover: () => void;
  onRewrite: () => void;
};

/** How long the pointer rests on a sentence before its evidence is shown; passing over is not asking. */
const HOVER_INTENT_MS = 120;

/** One sentence of the draft with its mark in the margin; the chosen one has the focus and its evidence beside it. */
export function SentenceLine(props: Props) {
  const { sentence, current } = props;
  const word = sentenceWord(sentence);
  const left = isLeftOut(sentence);
  const line = useRef<HTMLButtonElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  useEffect(() => {
    if (!current) return;
    const active = document.activeElement;
    // Focus follows the arrows, but is never taken from a field in which somebody types.
    if (!active || active === document.body || active.closest('.draft')) line.current?.focus({ preventScroll: true });
    line.current?.scrollIntoView({ block: 'nearest' });
  }, [current]);
  useEffect(() => () => clearTimeout(timer.current), []);

  return (
    <li
      className={`sentence ${kindOf(sentence)}`}
      aria-current={current}
      onMouseMove={(event) => {
        if (current || (event.movementX === 0 && event.movementY === 0)) return;
        clearTimeout(timer.current);
        timer.current = setTimeout(props.onHover, HOVER_INTENT_MS);
      }}
      onMouseLeave={() => clearTimeout(timer.current)}
    >
      <span className={`sentence-mark ${word.tone}`} title={word.word}>
        <Icon name={word.icon} />
      </span>
      <button
        type="button"
        ref={line}
        className="sentence-text"
        tabIndex={current ? 0 : -1}
        onClick={props.onChoose}
        onDoubleClick={props.onRewrite}
      >
        <span className="unseen">{word.word}: </span>
        {left ? (
          <>
            <s>{sentence.text}</s> <span className="withheld">Contradicted. {reasonText(sentence)}</span>
          </>
        ) : (
          <span className="sentence-words">{sentence.text}</span>
        )}
      </button>
      {props.changed ? <span className="sentence-word look">changed since signed</span> : null}
      {!props.changed && !left && word.word !== 'Proven' && (
        <span className={`sentence-word ${word.tone}`} aria-hidden="true">
          {word.word.toLowerCase()}
        </span>
      )}
    </li>
  );
}

export function reasonText(sentence: { verdict: { reasons: { text: string }[] } }): string {
  return sentence.verdict.reasons.map((one) => one.text).join(' ');
}

function kindOf(sentence: SentenceView): string {
  if (isLeftOut(sentence)) return 'is-left-out';
  if (!sentence.selected) return sentence.verdict.outcome === 'unproven' ? 'is-look' : 'is-unselected';
  return sentence.verdict.outcome === 'proven' ? '' : 'is-accepted';
}
