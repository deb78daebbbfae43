// Keeps a page up to date: asks for its data, and where that has changed fetches the page and puts in place what differs.
// What is shown is made by the server alone; no text of the data becomes markup here.

const QUIET = 2000, BUSY = 1000, LONGEST = 30000;
const page = document.getElementById("page");
const news = document.getElementById("news");
const trouble = document.getElementById("trouble");
const headers = { "X-Xsrftoken": page.dataset.xsrf };
let tag = null, told = null, pause = QUIET, timer = 0, asking = false;

export function keepUpToDate(isBusy) {
  const again = () => { clearTimeout(timer); timer = setTimeout(() => look(isBusy, again), pause); };
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { pause = 0; again(); } });
  look(isBusy, again);
}

async function look(isBusy, again) {
  if (asking) return;
  if (document.hidden) return; // comes back with visibilitychange
  asking = true;
  try {
    const answer = await fetch(page.dataset.api, { headers: tag ? { ...headers, "If-None-Match": tag } : headers });
    if (answer.status === 200) {
      const data = await answer.json();
      if (tag !== null) await show();
      announce(data.news);
      tag = answer.headers.get("ETag");
      pause = isBusy(data) ? BUSY : QUIET;
    } else if (answer.status === 429) {
      pause = Math.min(LONGEST, 1000 * Number(answer.headers.get("Retry-After") || 5));
    } else if (answer.status === 403) {
      return say("You are logged out, or no longer a member of the course. Load the page again.");
    } else if (answer.status !== 304) {
      throw new Error(String(answer.status));
    } else if (pause > QUIET || pause === 0) {
      pause = QUIET;
    }
    say("");
  } catch {
    pause = Math.min(LONGEST, Math.max(QUIET, pause * 2));
    say("No answer from the service. This page tries again by itself.");
  } finally {
    asking = false;
  }
  again();
}

async function show() {
  const answer = await fetch(location.href, { headers });
  if (!answer.ok) throw new Error(String(answer.status));
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const focused = placeOf(document.activeElement);
  const parts = [...fresh.querySelectorAll("[data-live]")];
  const here = new Set([...document.querySelectorAll("[data-live]")].map((part) => part.id));
  if (parts.length !== here.size || parts.some((part) => !here.has(part.id))) {
    const main = document.getElementById("main"), next = fresh.getElementById("main");
    keepOpen(main, next);
    main.replaceChildren(...next.querySelectorAll(":scope > :not(#page)"), page);
  } else {
    for (const part of parts) {
      const old = document.getElementById(part.id);
      keepOpen(old, part);
      if (!old.isEqualNode(part)) old.replaceWith(part);
    }
  }
  if (focused && document.activeElement === document.body) at(focused)?.focus({ preventScroll: true });
}

// Where the reader was: the nearest element with an id, and which of those that can be reached by keyboard in it.
const REACHED = "a[href], button, summary, [tabindex]";

function placeOf(element) {
  const near = element?.closest("[id]");
  return near && { id: near.id, number: [...near.querySelectorAll(REACHED)].indexOf(element) };
}

function at({ id, number }) {
  const near = document.getElementById(id);
  return number < 0 ? near : near?.querySelectorAll(REACHED)[number];
}

// What the reader opened stays open, what the reader closed stays closed.
function keepOpen(old, fresh) {
  for (const one of fresh.querySelectorAll("details[id]")) {
    const before = old.querySelector(`#${CSS.escape(one.id)}`);
    if (before) one.open = before.open;
  }
}

function announce(sentences) {
  const changed = Object.entries(sentences).filter(([name, text]) => text && told !== null && told[name] !== text);
  told = sentences;
  if (changed.length) news.textContent = changed.map(([, text]) => text).join(". ");
}

function say(text) {
  trouble.hidden = !text;
  if (trouble.textContent !== text) trouble.textContent = text;
}
