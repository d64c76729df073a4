import { Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { CarriedWords } from '../../../src/core/api.ts';
import { ApiError, checkText } from '../api.ts';
import { wordDiff } from '../word-diff.ts';
import { outcomeWords } from '../words.ts';
import { Icon } from './icon.tsx';
import { StateWord } from './state-word.tsx';

const CHECK_AFTER_MS = 250;

type Props = {
  patient: string;
  proposal: string;
  before: string;
  /** Words of an earlier moment to go on with. */
  typed: string | undefined;
  busy: boolean;
  error: Error | null;
  onType: (text: string) => void;
  onSave: (text: string, acknowledged: boolean) => void;
  onCancel: () => void;
};

/**
 * A sentence being rewritten in its own place. It is checked against the chart as it is typed; what a human writes is
 * never blocked, but a contradiction has to be seen and kept on purpose.
 */
export function SentenceEditor(props: Props) {
  const [text, setText] = useState(props.typed ?? props.before);
  const [kept, setKept] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const settled = useSettled(text.trim(), CHECK_AFTER_MS);
  const check = useQuery({
    queryKey: ['check', props.proposal, settled],
    queryFn: ({ signal }) => checkText(props.patient, props.proposal, settled, signal),
    enabled: settled !== '' && settled !== props.before,
    staleTime: 60_000,
    retry: false,
  });
  const changed = text.trim() !== props.before && text.trim() !== '';
  const current = settled === text.trim() ? check.data : undefined;
  const serverWants = props.error instanceof ApiError && props.error.code === 'unacknowledged';
  const contradicted = current?.outcome === 'contradicted' || serverWants;
  const ready = changed && !props.busy && (check.isError || current !== undefined) && (!contradicted || kept);

  useEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(field.current.value.length, field.current.value.length);
  }, []);

  return (
    <div className="editor">
      <Textarea
        unstyled
        autosize
        minRows={1}
        ref={field}
        aria-label={props.before ? 'Rewrite this sentence' : 'Write a sentence of your own'}
        classNames={{ input: 'field editor-field' }}
        value={text}
        onChange={(event) => {
          const words = event.currentTarget.value.replaceAll('\n', ' ');
          setText(words);
          props.onType(words);
          setKept(false);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') props.onCancel();
          if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
            event.preventDefault();
            if (ready) props.onSave(text.trim(), kept);
          }
        }}
      />
      {changed && props.before && <Diff before={props.before} after={text.trim()} />}
      <div className="editor-check small" role="status">
        {changed ? (
          <CheckWords checking={check.isFetching || settled !== text.trim()} failed={check.isError} current={current} />
        ) : (
          <span className="third">Checked against the chart as you type.</span>
        )}
        {changed && current && <WhoseWords carried={current.wordsOf ?? []} before={props.before} />}
      </div>
      {contradicted && (
        <label className="editor-keep small">
          <input type="checkbox" checked={kept} onChange={(event) => setKept(event.target.checked)} /> I have seen that the chart says
          otherwise and keep my words
        </label>
      )}
      {props.error && !serverWants && <p className="small withheld">Not saved. {props.error.message}</p>}
      <div className="editor-acts small">
        <button type="button" className="button" disabled={!ready} onClick={() => props.onSave(text.trim(), kept)}>
          Keep <kbd>Enter</kbd>
        </button>
        <button type="button" className="button" onClick={props.onCancel}>
          Cancel <kbd>Esc</kbd>
        </button>
        <span className="third">
          {changed && current ? '' : 'Words of your own are signed without the AI label; the writer’s keep it, also slightly changed.'}
        </span>
      </div>
    </div>
  );
}

function CheckWords(props: {
  checking: boolean;
  failed: boolean;
  current: { outcome: keyof typeof outcomeWords; reasons: { text: string }[] } | undefined;
}) {
  if (props.failed) return <span className="look">Could not be checked now. It will be checked when you keep it.</span>;
  if (props.checking || !props.current) return <span className="third">Checking…</span>;
  const { outcome, reasons } = props.current;
  return (
    <>
      <StateWord of={outcomeWords[outcome]}>{outcome === 'unproven' ? 'Not proven by the chart' : outcomeWords[outcome].word}</StateWord>{' '}
      <span className="second">{reasons.map((one) => one.text).join(' ')}</span>
    </>
  );
}

/** What of the sentence would be signed with the AI label and what as the clinician's own, as the server decides it. */
function WhoseWords(props: { carried: CarriedWords; before: string }) {
  if (props.carried.length === 0)
    return (
      <p>
        <span className="accent strong">Yours:</span> <span className="second">signed as your own words, without the AI label.</span>
      </p>
    );
  const others = props.carried.filter((one) => one.text !== props.before);
  return (
    <p>
      <span className="look strong">AI label kept:</span>{' '}
      <span className="second">
        these are still the writer’s words, nearly as they were
        {others.length > 0 && <> in “{others.map((one) => one.text).join('” and “')}”</>}. Signed as yours, labelled as AI-written.
      </span>
    </p>
  );
}

/** Words that went are struck through, words that came are underlined: never by colour alone. */
function Diff(props: { before: string; after: string }) {
  return (
    <p className="diff small">
      <span className="unseen">What changed: </span>
      <Icon name="pencil" className="third" />{' '}
      {wordDiff(props.before, props.after).map((part, index) =>
        part.kind === 'same' ? (
          part.text
        ) : part.kind === 'gone' ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity but their place
          <del key={index}>{part.text}</del>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity but their place
          <ins key={index}>{part.text}</ins>
        ),
      )}
    </p>
  );
}

function useSettled(value: string, afterMs: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), afterMs);
    return () => clearTimeout(timer);
  }, [value, afterMs]);
  return settled;
}
