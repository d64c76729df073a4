import { useCallback, useRef, useState } from 'react';

type Shown<T> = { key: string; items: Map<string, T>; updatedAt: number; settled: boolean };

/**
 * A list that does not move while it is read: what arrives is counted and waits, what left stays until the reader asks.
 * The first answer that comes after the screen was opened is shown as it is; from then on nothing moves by itself.
 */
export function useSteadyList<T extends { id: string }>(latest: T[] | undefined, updatedAt: number, key: string) {
  const opened = useRef({ key, at: Date.now() });
  if (opened.current.key !== key) opened.current = { key, at: Date.now() };
  const [shown, setShown] = useState<Shown<T> | undefined>();

  const outdated = !shown || shown.key !== key || (!shown.settled && shown.updatedAt !== updatedAt);
  if (latest && outdated) setShown({ key, items: byId(latest), updatedAt, settled: updatedAt > opened.current.at });

  const accept = useCallback(() => {
    if (latest) setShown({ key, items: byId(latest), updatedAt, settled: true });
  }, [latest, key, updatedAt]);

  const steady = shown?.key === key ? shown.items : new Map<string, T>();
  const now = byId(latest ?? []);
  return {
    items: [...steady.values()].map((one) => now.get(one.id) ?? one),
    gone: new Set([...steady.keys()].filter((id) => latest && !now.has(id))),
    waiting: [...now.keys()].filter((id) => !steady.has(id)).length,
    accept,
  };
}

function byId<T extends { id: string }>(items: T[]): Map<string, T> {
  return new Map(items.map((one) => [one.id, one]));
}
