// A page that the browser kept as it was may be of a session that has ended since, or of another day: ask again.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
