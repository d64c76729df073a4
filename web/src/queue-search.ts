/** Words in the queue's URL; everything is optional and what is unknown is dropped. */
export type QueueSearch = { state?: string; pack?: string; due?: 'hour' | 'today' | 'week'; who?: 'me' | 'nobody'; q?: string };
