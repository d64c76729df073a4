import { useEffect, useRef, useState } from 'react';

export type ReasonKind = 'decline' | 'escalate';

const words = {
  decline: {
    title: 'Decline this draft',
    effect: 'It leaves the queue and nothing is written to the chart. The reason is kept in the journal with your name.',
    act: 'Decline',
    reasons: ['Already documented', 'Not needed for this visit', 'Not accurate', 'Wrong time'],
  },
  escalate: {
    title: 'Escalate this draft',
    effect: 'It stays open, marked as escalated, for a colleague who may decide. Nothing is written to the chart.',
    act: 'Escalate',
    reasons: ['Outside my field', 'Needs a second opinion', 'Chart looks wrong', 'Urgent, needs someone now'],
  },
} as const;

/** Asks for the reason at the foot of the screen, so that the draft can still be read while it is written. */
export function ReasonBar(props: {
  kind: ReasonKind;
  busy: boolean;
  error: Error | null;
  onSend: (reason: string) => void;
  onCancel: () => void;
}) {
  const [reason, setReason] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const text = words[props.kind];
  useEffect(() => {
    field.current?.focus();
  }, []);
  return (
    <form
      className="reason"
      aria-label={text.title}
      onSubmit={(event) => {
        event.preventDefault();
        if (reason.trim() && !props.busy) props.onSend(reason.trim());
      }}
      onKeyDown={(event) => event.key === 'Escape' && props.onCancel()}
    >
      <p className="small">
        <span className="strong">{text.title}.</span> <span className="second">{text.effect}</span>
      </p>
      <div className="reason-line">
        <input
          ref={field}
          className="field"
          aria-label="Reason"
          placeholder="Reason, in your words"
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          maxLength={500}
        />
        <button type="submit" className="button primary" disabled={!reason.trim() || props.busy}>
          {text.act} <kbd>Enter</kbd>
        </button>
        <button type="button" className="button" onClick={props.onCancel}>
          Cancel <kbd>Esc</kbd>
        </button>
      </div>
      <div className="reason-line small">
        <span className="third">or</span>
        {text.reasons.map((one) => (
          <button
            key={one}
            type="button"
            className="filter-word"
            onClick={() => {
              setReason(one);
              field.current?.focus();
            }}
          >
            {one}
          </button>
        ))}
      </div>
      {props.error && (
        <p className="small withheld" role="alert">
          Not recorded. {props.error.message}
        </p>
      )}
    </form>
  );
}
