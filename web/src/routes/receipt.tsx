import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { KeyBar } from '../components/keybar.tsx';
import { ReceiptDetail } from '../components/receipt-detail.tsx';
import { helpKey, type KeyBinding, useKeys } from '../keys.ts';
import { useTitle } from '../session.ts';
import './feeds.css';

/** The receipt that a sentence leads back to. */
export function Receipt() {
  const { id } = useParams({ from: '/shell/receipts/$id' });
  const [wrapAll, setWrapAll] = useState(false);
  useTitle('Receipt');
  const keys: KeyBinding[] = [
    { key: 'b', does: wrapAll ? 'one line a segment' : 'all bytes', run: () => setWrapAll(!wrapAll), bar: true },
    { key: 'Escape', does: 'back', run: () => history.back(), bar: true },
  ];
  useKeys(keys);
  return (
    <>
      <main className="scroll">
        <div className="pagehead">
          <h1>One receipt, as it came and as it was answered</h1>
          <p>Every field by its bytes. What was not understood is kept and listed, never dropped.</p>
        </div>
        <div className="page">
          <ReceiptDetail id={id} wrapAll={wrapAll} />
        </div>
      </main>
      <KeyBar keys={[...keys, helpKey]} />
    </>
  );
}
