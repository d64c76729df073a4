import { useEffect, useRef, useSyncExternalStore } from 'react';

/** A key and what it does, in words; `bar` shows it in the key bar, `inField` lets it work while typing. */
export type KeyBinding = { key: string; does: string; run: () => void; bar?: boolean; inField?: boolean; off?: boolean };

/** The cap that opens the list of keys; the shell binds the key itself. */
export const helpKey: KeyBinding = { key: '?', does: 'keys', run: () => pressKey('?'), bar: true };

const pages = new Map<symbol, KeyBinding[]>();
const listeners = new Set<() => void>();
let listed: KeyBinding[] = [];
const OFF = 'keys-off';

/** Binds keys while the caller is on screen. Single letters can be switched off as a whole (WCAG 2.1.4). */
export function useKeys(bindings: KeyBinding[]): void {
  const latest = useRef(bindings);
  latest.current = bindings;
  const words = bindings.map((one) => `${one.key}=${one.does}=${one.off ?? false}`).join('|');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list is re-announced when its words change, not when its closures do
  useEffect(() => {
    const id = Symbol('keys');
    pages.set(
      id,
      latest.current.map((one, index) => ({ ...one, run: () => latest.current[index]?.run() })),
    );
    announce();
    return () => {
      pages.delete(id);
      announce();
    };
  }, [words]);
}

/** Every binding now on screen, the newest part of the page first. */
export function useBoundKeys(): KeyBinding[] {
  return useSyncExternalStore(subscribe, () => listed);
}

export function keysAreOff(): boolean {
  try {
    return localStorage.getItem(OFF) === 'yes';
  } catch {
    return false;
  }
}

export function switchKeys(off: boolean): void {
  try {
    if (off) localStorage.setItem(OFF, 'yes');
    else localStorage.removeItem(OFF);
  } catch {
    // Storage refused: the choice lasts as long as the page.
  }
  announce();
}

/** One listener for the page; installed once at start. */
export function listenForKeys(): void {
  document.addEventListener('keydown', onKey);
}

/** Does what a key would do, for a click on its cap. */
export function pressKey(key: string): void {
  listed.find((one) => one.key === key && !one.off)?.run();
}

/** How a key is written on a key cap. */
export function capOf(key: string): string {
  const caps: Record<string, string> = { ArrowUp: '↑', ArrowDown: '↓', ArrowRight: '→', ArrowLeft: '←', Escape: 'Esc' };
  return caps[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}

function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.isComposing) return;
  const typing = isTyping(event.target);
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const binding = listed.find((one) => one.key === key && !one.off && (one.inField || !typing));
  if (!binding) return;
  if (key.length === 1 && keysAreOff()) return;
  // Enter and Space belong to the control that has the focus; a page key may take them only when nothing else wants them.
  if ((key === 'Enter' || key === ' ') && isControl(event.target)) return;
  event.preventDefault();
  binding.run();
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function isControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('a,button,[role="menuitem"],summary') !== null;
}

function announce(): void {
  listed = [...pages.values()].reverse().flat();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
