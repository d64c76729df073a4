import { type ReactNode, useEffect, useState } from 'react';
import { createPortal } from 'react-dom';

/** What one page says in the top bar, such as items that have arrived. */
export function TopBarSlot(props: { children: ReactNode }) {
  const [slot, setSlot] = useState<HTMLElement | null>(null);
  useEffect(() => setSlot(document.getElementById('topbar-slot')), []);
  return slot ? createPortal(props.children, slot) : null;
}
