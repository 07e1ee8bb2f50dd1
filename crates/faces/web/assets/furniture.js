// What the timeline has only where scripts run: a slider for keys, buttons, and room for words.
import { element, plain } from "./details.js";
import { BASE } from "./session.js";

/** @typedef {import("./timeline.js").Timeline} Timeline */

/** What the slider is before anybody has touched it. */
const SLIDER = {
  role: "slider",
  tabindex: "0",
  "aria-label": "Intervals",
  "aria-valuenow": "0",
  "aria-valuetext": "Arrows go from one to the next",
};

/**
 * Puts it around the drawing.
 * @param {Timeline} timeline
 */
export function furnish(timeline) {
  const button = (/** @type {string} */ text, /** @type {() => void} */ press, label = text) => {
    const made = element("button", "quiet small", text);
    made.setAttribute("type", "button");
    made.setAttribute("aria-label", label);
    made.addEventListener("click", () => void timeline.wake().then(press));
    return made;
  };
  const slider = element("div", "keys");
  for (const [name, text] of Object.entries(SLIDER)) slider.setAttribute(name, text);
  timeline.root.querySelector(".bands")?.append(slider);
  const words = element("div", "words");
  words.hidden = true;
  words.addEventListener("pointerenter", () => clearTimeout(timeline.leaving));
  words.addEventListener("pointerleave", () => timeline.leave());
  timeline.root.append(words);
  const tools = element(
    "p",
    "tools",
    button("−", () => timeline.zoom(2), "Show more time"),
    button("+", () => timeline.zoom(0.5), "Show less time"),
    button("‹", () => timeline.pan(-0.5), "Earlier"),
    button("›", () => timeline.pan(0.5), "Later"),
    button("Whole day", () => timeline.whole()),
    element("span", "soft small wide", "Drag to add up a stretch. Ctrl and the wheel show less time, or more."),
  );
  const sum = element("section", "sum");
  sum.setAttribute("role", "status");
  sum.hidden = true;
  timeline.root.after(tools, sum);
  const copy = () => {
    if (timeline.day && timeline.chosen) void navigator.clipboard?.writeText(plain(timeline.day, timeline.chosen));
  };
  const correct = () => {
    const { day, chosen } = timeline;
    const at = (/** @type {number} */ ms) => new Date((day?.start ?? 0) + ms).toISOString();
    if (chosen) location.assign(`${BASE}/corrections/new?from=${at(chosen.from)}&to=${at(chosen.to)}`);
  };
  const buttons = element(
    "p",
    "actions",
    button("Zoom here", () => timeline.chosen && timeline.see(timeline.chosen)),
    button("Copy", copy),
    button("Correct", correct, "Correct this stretch"),
    button("Clear", () => timeline.clear()),
  );
  return { slider, words, sum, buttons };
}
