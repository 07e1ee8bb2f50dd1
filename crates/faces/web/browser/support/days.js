// Days that somebody tracked.

/** @typedef {import("./person.js").Ping} Ping */

const DAY = 86_400_000;

/**
 * The date some days from today, in UTC.
 * @param {number} days
 */
export function date(days) {
  return new Date(Date.now() + days * DAY).toISOString().slice(0, 10);
}

/**
 * The last Sunday of a month, 1 to 12, that is over: when clocks are changed in Europe.
 * @param {number} month
 */
export function changeOfClocks(month) {
  const year = new Date().getUTCFullYear();
  const sundays = [year - 1, year].map((year) => {
    const last = new Date(Date.UTC(year, month, 0));
    return new Date(last.getTime() - last.getUTCDay() * DAY);
  });
  return sundays.filter((sunday) => sunday.getTime() < Date.now() - 2 * DAY).at(-1)?.toISOString().slice(0, 10) ?? "";
}

/**
 * A ping from and to a time of the clock in UTC.
 * @param {string} day
 * @param {string} device
 * @param {string} from
 * @param {string} to
 * @param {{ [field: string]: unknown }} seen
 * @returns {Ping}
 */
export function ping(day, device, from, to, seen) {
  return { device_id: device, start_time: `${day}T${from}Z`, end_time: `${day}T${to}Z`, ...seen };
}

/**
 * A working day on two devices, with names as people have them: long ones, from right to left, with
 * pictures and with markup.
 * @param {string} day
 */
export function workingDay(day) {
  const laptop = (/** @type {string} */ from, /** @type {string} */ to, /** @type {object} */ seen) =>
    ping(day, "laptop", from, to, { ...seen });
  return [
    laptop("08:02:00", "09:30:00", { app_name: "Code", project: "dayline" }),
    laptop("09:30:00", "09:41:30", { app_name: "Firefox", url: "https://github.com/a/b" }),
    laptop("09:41:30", "09:42:10", { app_name: "Chat <3 & \"more\"" }),
    laptop("09:42:10", "10:20:00", { app_name: "Code", project: "dayline" }),
    laptop("10:25:00", "10:58:00", { app_name: "Firefox", url: "https://docs.example.org/" }),
    laptop("10:58:00", "11:30:00", { app_name: "لوحة المفاتيح" }),
    laptop("11:30:00", "12:01:00", { app_name: "📝 Notes 🗒️" }),
    laptop("13:00:00", "13:20:00", { app_name: "An application whose name goes on and on until nobody reads it any more" }),
    laptop("13:20:00", "16:05:00", { app_name: "Code", project: "a-project-with-a-name-that-is-long" }),
    laptop("16:05:00", "16:06:00", { app_name: "Terminal" }),
    laptop("16:06:00", "16:20:00", { app_name: "Mail" }),
    laptop("16:20:00", "16:31:00", { app_name: "Calendar" }),
    laptop("16:31:00", "16:40:00", { app_name: "Files" }),
    laptop("16:40:00", "16:44:00", { app_name: "Settings" }),
    ping(day, "phone", "09:10:00", "09:15:00", { app_name: "Messages" }),
    ping(day, "phone", "12:10:00", "12:31:00", { app_name: "Reader", url: "https://a-very-long-name-of-a-host.example.org/" }),
  ];
}

/**
 * A day of so many intervals, an app every few seconds.
 * @param {string} day
 * @param {number} many
 */
export function busyDay(day, many) {
  const apps = ["Code", "Firefox", "Terminal", "Mail", "Chat", "Files", "Music", "Notes", "Reader", "Maps"];
  const start = Date.parse(`${day}T00:10:00Z`);
  const step = Math.floor((23 * 3_600_000) / many / 1_000) * 1_000;
  return Array.from({ length: many }, (_, n) => ({
    device_id: n % 7 === 3 ? "phone" : "laptop",
    app_name: apps[(n * 7 + (n >> 3)) % apps.length],
    start_time: new Date(start + n * step).toISOString(),
    end_time: new Date(start + (n + 1) * step - 1_000).toISOString(),
  }));
}
