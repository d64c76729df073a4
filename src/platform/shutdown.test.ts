import { expect, it } from 'vitest';
import { closeInOrder } from './shutdown.ts';

it('closes one after the other', async () => {
  const closed: string[] = [];
  const slowly = (name: string) => async () => {
    await new Promise((resolve) => setImmediate(resolve));
    closed.push(name);
  };

  expect(await closeInOrder([slowly('doors'), slowly('jobs'), slowly('store')], 60_000)).toBe(true);
  expect(closed).toEqual(['doors', 'jobs', 'store']);
});

it('gives up on one that does not end, and says so', async () => {
  const never = () => new Promise<void>(() => undefined);

  expect(await closeInOrder([never], 5)).toBe(false);
});

it('closes the rest after one that failed, and fails', async () => {
  const closed: string[] = [];
  const broken = async () => {
    throw new Error('broken');
  };
  const store = async () => void closed.push('store');

  await expect(closeInOrder([broken, store], 60_000)).rejects.toThrow('broken');
  expect(closed).toEqual(['store']);
});
