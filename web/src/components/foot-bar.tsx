import type { KeyboardEvent, ReactNode, Ref } from 'react';
import './foot-bar.css';

/**
 * Asks for something at the foot of the page, so that what it is about can still be read: what will be done and what that does not do, a line of
 * fields, one button that does it and one that does not. Enter sends where `ready`, Escape cancels.
 */
export function FootBar(props: {
  label: string;
  title: string;
  effect: string;
  act: string;
  ready: boolean;
  /** Why it was refused, in words. */
  refusal: string | undefined;
  /** Between the words and the line of fields. */
  choices?: ReactNode;
  /** Below the line of fields. */
  note?: ReactNode;
  children: ReactNode;
  onSend: () => void;
  onCancel: () => void;
  onKeyDown?: (event: KeyboardEvent<HTMLFormElement>) => void;
}) {
  return (
    <form
      className="foot-bar"
      aria-label={props.label}
      onSubmit={(event) => {
        event.preventDefault();
        if (props.ready) props.onSend();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') props.onCancel();
        props.onKeyDown?.(event);
      }}
    >
      <p className="small">
        <span className="strong">{props.title}</span> <span className="second">{props.effect}</span>
      </p>
      {props.choices}
      <div className="foot-bar-line">
        {props.children}
        <button type="submit" className="button primary" disabled={!props.ready}>
          {props.act} <kbd>Enter</kbd>
        </button>
        <button type="button" className="button" onClick={props.onCancel}>
          Cancel <kbd>Esc</kbd>
        </button>
      </div>
      {props.note}
      {props.refusal !== undefined && (
        <p className="small withheld" role="alert">
          {props.refusal}
        </p>
      )}
    </form>
  );
}

/** A reason in words, as long as the journal takes it. */
export function WordsField(props: {
  label: string;
  placeholder: string;
  required?: boolean;
  value: string;
  onChange: (words: string) => void;
  ref?: Ref<HTMLInputElement>;
}) {
  return (
    <input
      ref={props.ref}
      className="field"
      aria-label={props.label}
      aria-required={props.required}
      placeholder={props.placeholder}
      value={props.value}
      onChange={(event) => props.onChange(event.target.value)}
      maxLength={500}
    />
  );
}
