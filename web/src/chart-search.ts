/** Words in a chart's URL: as known at an instant, what had happened by a day, one kind of fact, and a fact that is open with its bytes. */
export type ChartSearch = { known?: string; by?: string; kind?: string; fact?: string };
