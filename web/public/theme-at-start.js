// Runs before the first paint, so that a chosen theme never flashes the other one. Not inline: the content policy forbids inline scripts.
try {
  const chosen = localStorage.getItem('theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
} catch {
  // Storage may be refused in an embedded panel; the system's scheme then decides.
}
