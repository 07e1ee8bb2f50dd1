// Copies a key or a snippet, and says when the tracker that has the key was heard first.
for (const button of document.querySelectorAll("button")) {
  const source = document.getElementById(button.dataset.copy ?? "");
  if (!source || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  });
}

/**
 * Asks until the tracker was heard.
 * @param {HTMLElement} status
 * @param {string} address
 */
async function listen(status, address) {
  const answer = await fetch(address).catch(() => null);
  // A session that has ended, or a key that is gone: the link in the page leads on.
  if (answer && !answer.ok && answer.status < 500) return;
  const { heard } = answer?.ok ? await answer.json() : { heard: false };
  if (!heard) return void setTimeout(listen, 2000, status, address);
  status.textContent = "It was heard. What it tells appears in your day.";
}

const status = document.querySelector("[data-heard]");
if (status instanceof HTMLElement && status.dataset.heard) void listen(status, status.dataset.heard);
