// How long frames take while a timeline is zoomed.

/**
 * Turns the wheel over a timeline that is drawn, there and back, with the processor slowed four times.
 * @param {import("playwright-core").Page} page
 * @returns {Promise<number[]>} the lengths of the frames in milliseconds, the shortest first
 */
export async function zoomFrames(page) {
  const client = await page.context().newCDPSession(page);
  await client.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  const frames = await page.evaluate(async () => {
    const root = document.querySelector(".plot");
    const { left, width, top } = document.querySelector(".band")?.getBoundingClientRect() ?? new DOMRect();
    const place = { clientX: left + width / 2, clientY: top + 5 };
    const lengths = [];
    let last = performance.now();
    for (let n = 0; n < 60; n += 1) {
      root?.dispatchEvent(new WheelEvent("wheel", { deltaY: n < 30 ? -60 : 60, ctrlKey: true, cancelable: true, ...place }));
      await new Promise(requestAnimationFrame);
      lengths.push(performance.now() - last);
      last = performance.now();
    }
    return lengths.sort((a, b) => a - b);
  });
  await client.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  return frames;
}

/**
 * The value below which so large a share of sorted numbers lies.
 * @param {number[]} sorted
 * @param {number} share
 */
export function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
