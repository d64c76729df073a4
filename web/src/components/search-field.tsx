import { type Ref, useEffect, useRef, useState } from 'react';

/** Letters typed faster than this are one search. */
const SETTLE_MS = 120;

type Props = {
  ref?: Ref<HTMLInputElement>;
  label: string;
  placeholder: string;
  value: string;
  className: string;
  onSearch: (q: string) => void;
};

/**
 * A search whose words also stand in the URL. The field keeps its own text while it is typed in; Enter before the
 * search has settled only searches, so that nothing is opened from a list that belongs to fewer letters.
 */
export function SearchField(props: Props) {
  const [text, setText] = useState(props.value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    if (timer.current === undefined) setText(props.value);
  }, [props.value]);
  useEffect(() => () => clearTimeout(timer.current), []);

  function search(words: string) {
    clearTimeout(timer.current);
    timer.current = undefined;
    props.onSearch(words);
  }
  return (
    <input
      ref={props.ref}
      type="search"
      className={props.className}
      aria-label={props.label}
      placeholder={props.placeholder}
      value={text}
      onChange={(event) => {
        const words = event.target.value;
        setText(words);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => search(words), SETTLE_MS);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') event.currentTarget.blur();
        if (event.key !== 'Enter' || timer.current === undefined) return;
        event.preventDefault();
        event.nativeEvent.stopImmediatePropagation();
        search(text);
      }}
    />
  );
}
