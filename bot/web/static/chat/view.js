// What is seen: bubbles in the order of their numbers, choices, times, states. All text goes through textContent.

const SAFE = /^(https?|mailto|tel):/i;
// Pixels from the end within which a new message is followed.
const NEAR = 80;

const log = document.getElementById("log");
const typing = document.getElementById("typing");
const newest = document.getElementById("newest");

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

export class View {
  // `act` is told: choose(choice), again(id).
  constructor(words, act) {
    this.act = act;
    this.numbers = new Map();
    this.own = new Map();
    this.offer = null;
    // Whether the end is followed: until the person scrolls up, and again once they are back.
    this.last = true;
    this.top = 0;
    this.translate(words);
    log.addEventListener("scroll", () => {
      if (log.scrollHeight - log.scrollTop - log.clientHeight < NEAR) {
        this.last = true;
        newest.hidden = true;
      } else if (log.scrollTop < this.top) {
        this.last = false;
      }
      this.top = log.scrollTop;
    });
    newest.addEventListener("click", () => {
      this.last = true;
      this.toEnd(this.motion());
      log.focus({ preventScroll: true });
    });
    // The keyboard of a phone makes the log lower; its end stays in sight.
    new ResizeObserver(() => {
      if (this.last) this.toEnd();
    }).observe(log);
  }

  get empty() {
    return !log.querySelector(".row:not(.greeting)");
  }

  // Puts every sentence of the page into another language, those in the bubbles' feet too.
  translate(words) {
    this.words = words;
    for (const element of document.querySelectorAll("[data-word]")) element.textContent = words[element.dataset.word];
    for (const element of document.querySelectorAll("[data-label]"))
      element.setAttribute("aria-label", words[element.dataset.label]);
    for (const element of document.querySelectorAll("[data-placeholder]"))
      element.placeholder = words[element.dataset.placeholder];
    document.title = `${words.title} · ${words.subtitle}`;
  }

  // Shows what the server says before the first message; it has no number and is not stored.
  greet(reply) {
    log.querySelector(".greeting")?.remove();
    if (this.empty) this.insert(this.bubble({ ...reply, greeting: true }));
    // It is read from its beginning; a sign over its choices would hide them.
    newest.hidden = true;
  }

  busy(yes) {
    log.setAttribute("aria-busy", yes);
    if (!yes && this.last) this.toEnd();
  }

  message(frame) {
    typing.hidden = true;
    if (this.numbers.has(frame.message)) return;
    this.insert(this.bubble(frame), frame.message);
  }

  // Words of the person: fresh ones from the composer, or stored ones that come back with their number.
  said({ id, message, text, at, state = "stored" }) {
    const known = this.own.get(id) ?? this.numbers.get(message);
    if (known) {
      if (message) this.number(known, message);
      return;
    }
    const row = make("div", "row ours");
    row.append(this.speaker("you"));
    row.append(make("p", "bubble text", text));
    row.append(this.foot(row, at, make("span", "state")));
    if (id) {
      row.dataset.id = id;
      this.own.set(id, row);
    }
    this.insert(row, message);
    this.state({ id, state });
  }

  state({ id, state }) {
    const row = this.own.get(id);
    if (!row) return;
    row.dataset.state = state;
    const line = row.querySelector(".state");
    line.replaceChildren(this.word(state));
    if (state === "refused") {
      typing.hidden = true;
      const button = make("button", "again");
      button.type = "button";
      button.append(this.word("again"));
      button.addEventListener("click", () => this.act.again(id));
      line.append(" ", button);
    }
  }

  showTyping() {
    typing.hidden = false;
    clearTimeout(this.typingEnd);
    this.typingEnd = setTimeout(() => (typing.hidden = true), 8000);
  }

  // A number orders the talk: what comes late goes where it belongs.
  insert(row, number) {
    const follow = this.last;
    let before = null;
    if (number) {
      this.number(row, number);
      for (let other = log.lastElementChild; other; other = other.previousElementSibling) {
        if (!(Number(other.dataset.message) > number)) break;
        before = other;
      }
    }
    this.separate(row, before);
    log.insertBefore(row, before);
    if (!before) this.replaceOffer(row);
    if (row.classList.contains("ours") || follow) this.show(row);
    else newest.hidden = false;
  }

  number(row, number) {
    row.dataset.message = number;
    this.numbers.set(number, row);
  }

  // A line with the date wherever the day changes.
  separate(row, before) {
    const { day, at, message } = row.dataset;
    const above = before ? before.previousElementSibling : log.lastElementChild;
    if (!day || above?.dataset.day === day) return;
    const today = day === this.day(new Date());
    // A talk that begins today needs no date.
    if (today && !above?.dataset.day) return;
    const date = make("p", "date");
    date.dataset.day = day;
    if (message) date.dataset.message = message;
    const format = { weekday: "long", day: "numeric", month: "numeric", year: "numeric" };
    if (today) date.append(this.word("today"));
    else date.textContent = new Date(at).toLocaleDateString(document.documentElement.lang, format);
    log.insertBefore(date, before);
  }

  day(date) {
    return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
  }

  // Only the latest choices can be tapped; a message without any leaves them alive.
  replaceOffer(row) {
    const offers = row.querySelector(".choices") !== null;
    if (!offers && !row.classList.contains("ours")) return;
    this.offer?.querySelectorAll(".choices").forEach((element) => element.remove());
    this.offer = offers ? row : null;
  }

  show(row) {
    this.last = true;
    if (log.getAttribute("aria-busy") === "true") return;
    // Of a long message the beginning is shown, for it is read from there.
    if (row.offsetHeight > log.clientHeight - NEAR) {
      this.last = false;
      log.scrollTo({ top: row.offsetTop - 8, behavior: this.motion() });
    } else {
      this.toEnd(this.motion());
    }
  }

  motion() {
    return matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  }

  toEnd(behavior = "auto") {
    log.scrollTo({ top: log.scrollHeight, behavior });
  }

  bubble(frame) {
    const row = make("div", frame.greeting ? "row greeting" : "row");
    if (frame.language) row.lang = frame.language;
    row.append(this.speaker("bot"));
    const bubble = make("div", "bubble");
    if (frame.text) bubble.append(make("p", "text", frame.text));
    for (const card of frame.cards ?? []) bubble.append(this.card(card));
    for (const link of frame.links ?? []) bubble.append(this.link(link));
    for (const file of frame.files ?? []) bubble.append(this.file(file));
    row.append(bubble);
    row.append(this.foot(row, frame.at));
    if (frame.choices?.length) row.append(this.choices(frame.choices));
    return row;
  }

  card({ title, text, choices }) {
    const card = make("section", "card");
    card.append(make("h2", "", title));
    if (text) card.append(make("p", "text", text));
    if (choices?.length) card.append(this.choices(choices));
    return card;
  }

  link({ label, url }) {
    if (!SAFE.test(url)) return make("p", "text", `${label}: ${url}`);
    const paragraph = make("p", "link");
    const anchor = make("a", "", label || url);
    anchor.href = url;
    anchor.target = "_blank";
    anchor.rel = "noopener noreferrer";
    paragraph.append(anchor);
    return paragraph;
  }

  file({ name, url }) {
    const paragraph = make("p", "link");
    const anchor = make("a", "", name);
    anchor.href = url;
    anchor.download = "";
    paragraph.append(anchor);
    return paragraph;
  }

  choices(choices) {
    const group = make("div", "choices");
    group.setAttribute("role", "group");
    group.dataset.label = "choices";
    group.setAttribute("aria-label", this.words.choices);
    for (const choice of choices) {
      const button = make("button", "", choice.label);
      button.type = "button";
      // Not a pointer: whoever works with the keyboard goes on at the input.
      button.addEventListener("click", (event) => this.act.choose(choice, event.detail === 0));
      group.append(button);
    }
    return group;
  }

  speaker(key) {
    const speaker = this.word(key);
    speaker.classList.add("hidden");
    return speaker;
  }

  foot(row, at, ...rest) {
    const foot = make("p", "foot");
    if (at) {
      const date = new Date(at);
      row.dataset.at = at;
      row.dataset.day = this.day(date);
      const time = make("time", "", date.toLocaleTimeString("vi", { hour: "2-digit", minute: "2-digit" }));
      time.dateTime = at;
      foot.append(time);
    }
    foot.append(...rest);
    return foot;
  }

  // A sentence that changes with the language.
  word(key) {
    const element = make("span", "", this.words[key]);
    element.dataset.word = key;
    return element;
  }
}
