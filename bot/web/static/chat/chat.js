// Puts the page together: the line, the view, the composer, the language switch.

import { Line } from "./line.js";
import * as memory from "./memory.js";
import { View } from "./view.js";

const page = JSON.parse(document.body.dataset.page);
const byId = (id) => document.getElementById(id);
const [input, composer, status, hint, close] = ["input", "composer", "status", "hint", "close"].map(byId);

let language = memory.language.get() ?? document.documentElement.lang;
if (!(language in page.words)) language = "vi";

const view = new View(page.words[language], {
  choose(choice, byKeyboard) {
    say({ choice: choice.id, text: choice.label });
    if (byKeyboard) input.focus();
  },
  again: (id) => line.again(id),
});

const line = new Line({
  language,
  longestFrame: page.frame,
  on: {
    message: (frame) => view.message(frame),
    said: (frame) => view.said(frame),
    state: (item) => view.state(item),
    typing: () => view.showTyping(),
    notice: (text) => notify(text),
    up: connected,
    down: () => lose(),
  },
});

function say(item) {
  if (!line.token && !memory.token.get() && view.empty && language !== "vi") tellLanguage();
  send(item);
}

function send(item) {
  const message = { id: memory.newId(), at: new Date().toISOString(), ...item };
  view.said({ ...message, state: "sending" });
  line.say(message);
}

function tellLanguage() {
  send({ choice: `language:${language}`, text: page.words[language][`language_${language}`] });
}

// The server has shown all it knows; what is not sent yet comes last.
function connected() {
  for (const item of line.unsent.values()) view.said(item);
  if (view.empty) view.greet(page.greeting[language]);
  view.busy(false);
  clearTimeout(losing);
  if (status.dataset.word) notify("");
}

// A sentence in the line under the header; it goes by itself unless it tells of the connection.
let fading;
function notify(text, word) {
  clearTimeout(fading);
  delete status.dataset.word;
  if (word) status.dataset.word = word;
  status.textContent = text;
  if (text && !word) fading = setTimeout(() => notify(""), 8000);
}

// A short gap is nobody's concern.
let losing;
function lose() {
  clearTimeout(losing);
  losing = setTimeout(() => {
    const word = navigator.onLine ? "lost" : "offline";
    notify(page.words[language][word], word);
  }, 1000);
}

function speak(chosen) {
  if (chosen === language) return;
  language = chosen;
  memory.language.set(chosen);
  show();
  line.speak(chosen);
  if (line.token) tellLanguage();
  else view.greet(page.greeting[chosen]);
}

function show() {
  notify("");
  document.documentElement.lang = language;
  view.translate(page.words[language]);
  for (const button of document.querySelectorAll("[data-language]"))
    button.setAttribute("aria-pressed", button.dataset.language === language);
}

function grow() {
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight + 2}px`;
  const long = input.value.length > page.longest;
  if (long) hint.dataset.word = "long";
  else delete hint.dataset.word;
  hint.textContent = long ? page.words[language].long : "";
}

for (const button of document.querySelectorAll("[data-language]"))
  button.addEventListener("click", () => speak(button.dataset.language));

input.addEventListener("input", grow);
input.addEventListener("keydown", (event) => {
  // While Telex or another input method composes a letter, Enter belongs to it (229 is how Safari says so).
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  composer.requestSubmit();
});

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = input.value.trim();
  input.focus();
  if (!text) return;
  input.value = "";
  grow();
  say({ text });
});

// A tap on "send" must not close the phone's keyboard.
composer.querySelector(".send").addEventListener("pointerdown", (event) => event.preventDefault());

// Safari lays the keyboard over the page instead of making it lower.
function fit() {
  document.documentElement.style.setProperty("--height", `${visualViewport.height}px`);
  window.scrollTo(0, 0);
}
if (window.visualViewport) {
  visualViewport.addEventListener("resize", fit);
  fit();
}

if (window.parent !== window) {
  const leave = () => window.parent.postMessage("cau-noi:close", "*");
  close.hidden = false;
  close.addEventListener("click", leave);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") leave();
  });
}

show();
view.busy(Boolean(line.token));
if (!line.token) view.greet(page.greeting[language]);
line.connect();
