// Offers to take the time zone of this browser, where the profile has another one; once for each.

/** Which zone of the browser was not wanted. */
const KEPT = "dayline-zone-kept";

/**
 * The one name that this browser has for a zone, which may have several.
 * @param {string} zone
 */
function known(zone) {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return zone;
  }
}

const offer = document.querySelector("form[data-zone]");
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (offer instanceof HTMLFormElement && own && known(offer.dataset.zone ?? "") !== own && localStorage.getItem(KEPT) !== own) {
  for (const name of offer.querySelectorAll("[data-own]")) name.textContent = own;
  offer.querySelector("input")?.setAttribute("value", own);
  offer.querySelector("[type=button]")?.addEventListener("click", () => {
    localStorage.setItem(KEPT, own);
    offer.hidden = true;
  });
  offer.hidden = false;
}
