// Copies a key or a snippet, and says when the tracker that has the key was heard first.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  });
}

const status = document.querySelector("[data-heard]");

async function listen() {
  const answer = await fetch(status.dataset.heard).catch(() => null);
  // A session that has ended, or a key that is gone: the link in the page leads on.
  if (answer && !answer.ok && answer.status < 500) return;
  const { heard } = answer?.ok ? await answer.json() : { heard: false };
  if (!heard) return void setTimeout(listen, 2000);
  status.textContent = "It was heard. What it tells appears in your day.";
}

listen();
