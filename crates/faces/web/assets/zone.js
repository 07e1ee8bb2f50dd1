// Proposes the time zone of this browser, and all that it knows, where a zone is asked for.
const field = document.getElementById("timezone");
const list = document.getElementById("zones");
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (field.hasAttribute("data-propose") && !field.value && own) field.value = own;
for (const zone of Intl.supportedValuesOf?.("timeZone") ?? []) {
  list.append(Object.assign(document.createElement("option"), { value: zone }));
}
