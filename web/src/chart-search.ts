/** Words in a chart's URL: as known at an instant, what had happened by a day, and one kind of fact. */
export type ChartSearch = { known?: string; by?: string; kind?: string };
