// Proposes the time zone of this browser, and all that it knows, where a zone is asked for.
const field = document.getElementById("timezone");
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (field instanceof HTMLInputElement && "propose" in field.dataset) field.value ||= own;
for (const zone of Intl.supportedValuesOf?.("timeZone") ?? []) {
  const option = Object.assign(document.createElement("option"), { value: zone });
  document.getElementById("zones")?.append(option);
}
