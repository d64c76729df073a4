import type { ReactNode } from 'react';
import { capOf, type KeyBinding } from '../keys.ts';

/** The keys of this screen along its foot; anything said to the right stands in `children`. */
export function KeyBar(props: { keys: KeyBinding[]; children?: ReactNode }) {
  return (
    <footer className="keybar">
      <Keys keys={props.keys} />
      {props.children && <span className="keybar-right">{props.children}</span>}
    </footer>
  );
}

/** Key caps with what they do; a mouse may press them too. Neighbours that share a meaning stand together (J K move). */
export function Keys(props: { keys: KeyBinding[] }) {
  const shown = props.keys.filter((one) => one.bar && !one.off);
  return (
    <span className="keys">
      {shown.map((one, index) => (
        <button type="button" key={one.key} data-key={one.key} className="keycap" tabIndex={-1} onClick={one.run}>
          <kbd>{capOf(one.key)}</kbd>
          <span className={shown[index + 1]?.does === one.does ? 'unseen' : ''}>{one.does}</span>
        </button>
      ))}
    </span>
  );
}
