// Leaves of long lists the names that have some letters in them.

const field = document.querySelector(".filter");
const input = field?.querySelector("input");

function apply() {
  const wanted = (input?.value ?? "").toLocaleLowerCase();
  for (const row of document.querySelectorAll(".ranks li, .list tbody tr:not(.hour, .gap)")) {
    if (row instanceof HTMLElement) row.hidden = !row.textContent.toLocaleLowerCase().includes(wanted);
  }
  // What is folded away may have it.
  if (wanted) document.querySelectorAll("details.more:has(.ranks)").forEach((details) => details.setAttribute("open", ""));
}

if (field instanceof HTMLElement && input) {
  field.hidden = false;
  input.addEventListener("input", apply);
  addEventListener("dayline:replaced", apply);
}
