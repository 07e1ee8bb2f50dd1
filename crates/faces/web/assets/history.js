// Sends a file of history and shows how far it is; the file stays chosen between looking into it and bringing it in.
import { shown } from "./parts.js";
import { ask } from "./session.js";

const form = document.querySelector("form[data-history]");
if (form instanceof HTMLFormElement) form.addEventListener("submit", (event) => void begin(event, form));

/**
 * @param {SubmitEvent} event
 * @param {HTMLFormElement} form
 */
async function begin(event, form) {
  const button = event.submitter;
  const file = new FormData(form).get("file");
  if (!(button instanceof HTMLButtonElement) || !(file instanceof File)) return;
  event.preventDefault();
  const most = Number(form.dataset["most"]);
  if (file.size > most * 2 ** 20) {
    return told(`The file has more than ${most} MiB; the command below takes files of any size.`);
  }
  told("");
  const buttons = form.querySelectorAll("button");
  buttons.forEach((each) => (each.disabled = true));
  try {
    // Renews the session if need be: what is sent once is not sent again.
    if (!(await ask("/settings/data/history", { method: "HEAD" }))) return;
    const page = await send(form, button.getAttribute("formaction") ?? form.action);
    if (!page.includes('data-part="outcome"')) return told("The file was not taken: try again in a moment.");
    shown(page);
    // What comes next is the server's to say.
    const isNext = !page.includes("data-bring-in hidden");
    form.querySelector("[data-bring-in]")?.toggleAttribute("hidden", !isNext);
    const heading = document.querySelector("[data-part=outcome] [tabindex='-1']");
    if (heading instanceof HTMLElement) heading.focus();
  } catch {
    told("The file was not sent: the server could not be reached.");
  } finally {
    buttons.forEach((each) => (each.disabled = false));
  }
}

/**
 * Says what went wrong on the way.
 * @param {string} text
 */
function told(text) {
  const problem = document.querySelector("[data-unsent]");
  if (!(problem instanceof HTMLElement)) return;
  problem.textContent = text;
  problem.hidden = !text;
}

/**
 * Sends a form, and shows how much of it is sent.
 * @param {HTMLFormElement} form
 * @param {string} address
 * @returns {Promise<string>} the page that answers it
 */
function send(form, address) {
  const progress = form.querySelector("progress");
  const row = progress?.closest("[data-progress]");
  row?.removeAttribute("hidden");
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      if (progress && total > 0) progress.value = loaded / total;
    });
    request.addEventListener("load", () => resolve(request.responseText));
    request.addEventListener("error", reject);
    request.addEventListener("loadend", () => {
      row?.setAttribute("hidden", "");
      progress?.removeAttribute("value");
    });
    request.send(new FormData(form));
  });
}
