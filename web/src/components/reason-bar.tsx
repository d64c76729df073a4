import { useEffect, useRef, useState } from 'react';
import { type DecisionReason, decisionReasons, type ReasonedDecision, reasonsFor } from '../../../src/core/decision-reason.ts';
import { FootBar, WordsField } from './foot-bar.tsx';

export type GivenReason = { code: DecisionReason; reason: string };

const words = {
  decline: {
    title: 'Decline this draft',
    effect: 'It leaves the queue and nothing is written to the chart. The reason is kept in the journal with your name.',
    act: 'Decline',
  },
  escalate: {
    title: 'Escalate this draft',
    effect: 'It stays open, marked as escalated, for a colleague who may decide. Nothing is written to the chart.',
    act: 'Escalate',
  },
} as const;

/** Asks for the reason of a decision: a code by its digit, words where they help. */
export function ReasonBar(props: {
  kind: ReasonedDecision;
  busy: boolean;
  error: Error | null;
  onSend: (given: GivenReason) => void;
  onCancel: () => void;
}) {
  const codes = reasonsFor(props.kind);
  const [code, setCode] = useState<DecisionReason>();
  const [reason, setReason] = useState('');
  const first = useRef<HTMLInputElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const text = words[props.kind];
  useEffect(() => first.current?.focus(), []);

  function choose(next: DecisionReason) {
    setCode(next);
    if (next === 'other') field.current?.focus();
  }

  return (
    <FootBar
      label={text.title}
      title={`${text.title}.`}
      effect={text.effect}
      act={text.act}
      ready={code !== undefined && (code !== 'other' || reason.trim() !== '') && !props.busy}
      refusal={props.error ? `Not recorded. ${props.error.message}` : undefined}
      onSend={() => code !== undefined && props.onSend({ code, reason: reason.trim() })}
      onCancel={props.onCancel}
      onKeyDown={(event) => {
        const byDigit = event.target === field.current ? undefined : codes[Number(event.key) - 1];
        if (!byDigit) return;
        event.preventDefault();
        event.currentTarget.querySelector<HTMLInputElement>(`input[value="${byDigit}"]`)?.focus();
        choose(byDigit);
      }}
      choices={
        <fieldset className="foot-bar-codes small">
          <legend className="unseen">Reason</legend>
          {codes.map((one, index) => (
            <label key={one} className="foot-bar-code" title={decisionReasons[one].means}>
              <input
                ref={index === 0 ? first : undefined}
                type="radio"
                name="reason"
                value={one}
                checked={code === one}
                onChange={() => choose(one)}
                onKeyDown={(event) => {
                  // A radio button takes no Enter of its own in every browser; here it sends, as in the field.
                  if (event.key !== 'Enter') return;
                  event.preventDefault();
                  event.currentTarget.form?.requestSubmit();
                }}
              />
              <kbd>{index + 1}</kbd>
              {decisionReasons[one].word}
            </label>
          ))}
        </fieldset>
      }
    >
      <WordsField
        ref={field}
        label="In your words"
        required={code === 'other'}
        placeholder={code === 'other' ? 'Why, in your words' : 'In your words, if they help'}
        value={reason}
        onChange={(written) => {
          setReason(written);
          if (code === undefined && written.trim()) setCode('other');
        }}
      />
    </FootBar>
  );
}
