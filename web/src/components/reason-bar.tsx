import { useEffect, useRef, useState } from 'react';
import { type DecisionReason, decisionReasons, type ReasonedDecision, reasonsFor } from '../../../src/core/decision-reason.ts';
import './reason-bar.css';

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

/** Asks for the reason at the foot of the screen, so that the draft can still be read: a code by its digit, words where they help. */
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
  const ready = code !== undefined && (code !== 'other' || reason.trim() !== '') && !props.busy;
  useEffect(() => first.current?.focus(), []);

  function choose(next: DecisionReason) {
    setCode(next);
    if (next === 'other') field.current?.focus();
  }

  return (
    <form
      className="reason"
      aria-label={text.title}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) props.onSend({ code, reason: reason.trim() });
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') props.onCancel();
        const byDigit = event.target === field.current ? undefined : codes[Number(event.key) - 1];
        if (!byDigit) return;
        event.preventDefault();
        event.currentTarget.querySelector<HTMLInputElement>(`input[value="${byDigit}"]`)?.focus();
        choose(byDigit);
      }}
    >
      <p className="small">
        <span className="strong">{text.title}.</span> <span className="second">{text.effect}</span>
      </p>
      <fieldset className="reason-codes small">
        <legend className="unseen">Reason</legend>
        {codes.map((one, index) => (
          <label key={one} className="reason-code" title={decisionReasons[one].means}>
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
      <div className="reason-line">
        <input
          ref={field}
          className="field"
          aria-label="In your words"
          aria-required={code === 'other'}
          placeholder={code === 'other' ? 'Why, in your words' : 'In your words, if they help'}
          value={reason}
          onChange={(event) => {
            setReason(event.target.value);
            if (code === undefined && event.target.value.trim()) setCode('other');
          }}
          maxLength={500}
        />
        <button type="submit" className="button primary" disabled={!ready}>
          {text.act} <kbd>Enter</kbd>
        </button>
        <button type="button" className="button" onClick={props.onCancel}>
          Cancel <kbd>Esc</kbd>
        </button>
      </div>
      {props.error && (
        <p className="small withheld" role="alert">
          Not recorded. {props.error.message}
        </p>
      )}
    </form>
  );
}
