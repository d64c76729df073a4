import { useEffect, useRef, useState } from 'react';
import { capOf, keysAreOff, switchKeys, useBoundKeys, useKeys } from '../keys.ts';

/** Every key that works on this screen. A panel in the corner, so that the draft behind it can still be read. */
export function KeysHelp(props: { onClose: () => void }) {
  const bound = useBoundKeys().filter((one) => !one.off);
  const [off, setOff] = useState(keysAreOff);
  const panel = useRef<HTMLElement>(null);
  useKeys([{ key: 'Escape', does: 'close this', run: props.onClose, inField: true }]);
  useEffect(() => {
    panel.current?.focus();
  }, []);

  return (
    <aside className="keys-help" aria-label="Keys" ref={panel} tabIndex={-1}>
      <div className="keys-help-head">
        <h2 className="strong">Keys on this page</h2>
        <button type="button" className="button" onClick={props.onClose}>
          Close <kbd>Esc</kbd>
        </button>
      </div>
      <dl>
        {bound.map((one) => (
          <div key={`${one.key} ${one.does}`}>
            <dt>
              <kbd>{capOf(one.key)}</kbd>
            </dt>
            <dd>{one.does}</dd>
          </div>
        ))}
      </dl>
      <label className="small">
        <input
          type="checkbox"
          checked={off}
          onChange={(event) => {
            setOff(event.target.checked);
            switchKeys(event.target.checked);
          }}
        />{' '}
        Switch single-letter keys off in this browser
      </label>
    </aside>
  );
}
