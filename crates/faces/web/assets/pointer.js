// The timeline under a mouse, a pen or fingers. A mouse chooses on the lanes and moves on the axis; a finger
// moves, and chooses after it has rested; two fingers zoom. Both take what is chosen by its ends. The wheel alone scrolls the page.

/** A press that moves less is a click, in pixels. */
const STILL = 4;
/** A finger that rests so long chooses, in milliseconds. */
const REST = 400;
/** Ends of what is chosen are taken hold of from so near, by a finger and by anything else, in pixels. */
const [FINGER, POINT] = [24, 6];
/** The axis is above this, from the top of the drawing, in pixels. */
const AXIS = 18;

/** @typedef {import("./timeline.js").Timeline} Timeline */
/** @typedef {{ id: number, x: number, y: number, at: number, held: boolean, view: import("./plot.js").Stretch, does: "" | "choose" | "move" }} Press */

/** @param {Timeline} timeline */
export function follow(timeline) {
  const { root } = timeline;
  /** @type {Map<number, number>} Where fingers are, from the left. */
  const fingers = new Map();
  /** @type {Press | undefined} */
  let press;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let rest;

  /** @param {PointerEvent | WheelEvent} event */
  const place = (event) => {
    const { left, top } = root.getBoundingClientRect();
    return { x: event.clientX - left - timeline.plot.left, y: event.clientY - top };
  };

  root.addEventListener("pointerdown", async (event) => {
    if (event.button !== 0 || isControl(event.target)) return;
    await timeline.wake();
    const { x, y } = place(event);
    const onLane = Boolean(timeline.plot.laneAt(y));
    if (!timeline.day || (!onLane && y > AXIS)) return;
    if (event.pointerType === "touch") fingers.set(event.pointerId, x);
    clearTimeout(rest);
    const far = onLane ? timeline.farEnd(x, event.pointerType === "touch" ? FINGER : POINT) : undefined;
    const held = far !== undefined;
    const isMove = !held && (!onLane || event.pointerType === "touch");
    press = { id: event.pointerId, x, y, at: far ?? timeline.time(x), held, view: timeline.view, does: held ? "choose" : "" };
    if (isMove && onLane) rest = setTimeout(() => press && (press.does = "choose"), REST);
    if (!isMove) event.preventDefault();
    root.setPointerCapture(event.pointerId);
  });

  root.addEventListener("pointermove", (event) => {
    const { x, y } = place(event);
    if (!timeline.day) return;
    if (!press) return event.pointerType === "touch" || timeline.pinned || isControl(event.target) ? undefined : timeline.tell(x, y, false);
    const others = [...fingers].filter(([id]) => id !== event.pointerId);
    const before = fingers.get(event.pointerId);
    if (others[0] && before !== undefined) {
      pinch(timeline, others[0][1], before, x);
      fingers.set(event.pointerId, x);
      return void (press.does = "move");
    }
    if (event.pointerId !== press.id) return;
    if (fingers.has(press.id)) fingers.set(press.id, x);
    if (!press.does && Math.abs(x - press.x) < STILL) return;
    clearTimeout(rest);
    press.does ||= event.pointerType === "touch" || press.y <= AXIS ? "move" : "choose";
    if (press.does === "choose") {
      timeline.choose(timeline.snapped(press.at, press.held || event.altKey), timeline.snapped(timeline.time(x), event.altKey));
    } else {
      const by = (press.x - x) * timeline.pixel;
      timeline.see({ from: press.view.from + by, to: press.view.to + by });
    }
  });

  const end = (/** @type {PointerEvent} */ event) => {
    clearTimeout(rest);
    fingers.delete(event.pointerId);
    if (!press || event.pointerId !== press.id) return;
    const { does, x, y } = press;
    press = undefined;
    if (event.type === "pointerup" && !does) timeline.tell(x, y, true);
  };
  root.addEventListener("pointerup", end);
  root.addEventListener("pointercancel", end);
  root.addEventListener("pointerleave", () => timeline.leave());

  root.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.shiftKey) return;
      event.preventDefault();
      const turn = event.deltaY || event.deltaX;
      const { x } = place(event);
      void timeline.wake().then(() => {
        if (event.ctrlKey) timeline.zoom(Math.exp(turn / 300), timeline.time(x));
        else timeline.pan(turn / 1_000);
      });
    },
    { passive: false },
  );
}

/**
 * Zooms so that what is under both fingers stays there.
 * @param {Timeline} timeline
 * @param {number} still
 * @param {number} from
 * @param {number} to
 */
function pinch(timeline, still, from, to) {
  const [before, now] = [Math.abs(from - still), Math.abs(to - still)];
  if (before > 1 && now > 1) timeline.zoom(before / now, timeline.time(still));
}

/** @param {EventTarget | null} target */
function isControl(target) {
  return target instanceof Element && Boolean(target.closest("a, button, summary, .words"));
}
