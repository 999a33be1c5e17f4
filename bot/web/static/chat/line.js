// The line to the server: says hello, sends one message after the other, keeps each until it is stored over there,
// acknowledges what is shown, and connects again by itself.

import * as memory from "./memory.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 20000;
// Milliseconds a sent message or a ping may stay without an answer before the line counts as dead.
const PATIENCE = 10000;
const TOO_BIG = 1009;

export class Line {
  // `on` is told: message, said, state(item), typing, notice(text), up(), down().
  constructor({ language, longestFrame, on }) {
    this.language = language;
    this.longestFrame = longestFrame;
    this.on = on;
    this.token = memory.token.get();
    this.cursor = 0;
    this.unsent = new Map(memory.loadUnsent().map((item) => [item.id, item]));
    this.wait = FIRST_WAIT;
    this.close();
    memory.onToken((token) => {
      if (token !== this.token) this.connect();
    });
    window.addEventListener("online", () => this.check());
    window.addEventListener("offline", () => this.on.down());
    window.addEventListener("pageshow", () => this.check());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.check();
    });
  }

  // Opens a new connection in place of the present one.
  connect() {
    this.close();
    this.token = memory.token.get();
    const address = new URL("chat/socket", document.baseURI);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    address.search = address.hash = "";
    const socket = new WebSocket(address);
    this.socket = socket;
    this.expect();
    socket.onopen = () =>
      this.write({ type: "hello", token: this.token, cursor: this.cursor, language: this.language });
    socket.onmessage = (event) => {
      clearTimeout(this.deadline);
      this.read(JSON.parse(event.data));
    };
    socket.onclose = (event) => {
      if (event.code === TOO_BIG) this.drop(this.longest());
      this.close();
      this.on.down();
      // Spread out, so that a restarted server is not met by everybody at once.
      this.retry = setTimeout(() => this.connect(), this.wait * (0.6 + 0.4 * Math.random()));
      this.wait = Math.min(LONGEST_WAIT, this.wait * 2);
    };
  }

  // Leaves the present connection, if there is one.
  close() {
    clearTimeout(this.retry);
    clearTimeout(this.deadline);
    clearTimeout(this.pause);
    this.pause = null;
    const { socket } = this;
    this.socket = null;
    this.ready = this.begun = false;
    this.sent = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  // Back from sleep or from a lost network: is the line alive? A browser does not notice by itself.
  check() {
    this.wait = FIRST_WAIT;
    if (this.socket?.readyState === WebSocket.OPEN) {
      this.write({ type: "ping" });
      this.expect();
    } else if (this.socket?.readyState !== WebSocket.CONNECTING) {
      this.connect();
    }
  }

  speak(language) {
    this.language = language;
    this.connect();
  }

  // Takes a message: {id, at, text} or {id, at, choice, text: label}. It is kept until the server has it.
  say(item) {
    item.state = "sending";
    this.unsent.set(item.id, item);
    if (new Blob([JSON.stringify(this.framed(item))]).size > this.longestFrame) this.drop(item);
    this.save();
    this.pump();
  }

  // The person wants a refused message to go again.
  again(id) {
    const item = this.unsent.get(id);
    if (item) this.mark(item, "sending");
    this.pump();
  }

  // Sends the first message that waits; the next one only when the server has this one, so their order holds.
  pump() {
    if (!this.ready || this.sent || this.pause) return;
    const item = [...this.unsent.values()].find(({ state }) => state === "sending");
    if (!item) return;
    if (!this.token) {
      this.begin();
      return;
    }
    this.sent = item.id;
    this.write(this.framed(item));
    this.expect();
  }

  begin() {
    if (memory.token.get()) {
      // Another tab has begun meanwhile: this is the same talk.
      this.connect();
    } else if (!this.begun) {
      this.begun = true;
      this.write({ type: "begin" });
      this.expect();
    }
  }

  framed({ id, choice, text }) {
    return choice ? { type: "choose", id, choice, label: text } : { type: "say", id, text };
  }

  read(frame) {
    switch (frame.type) {
      case "ready":
        this.up();
        break;
      case "token":
        this.token = frame.token;
        memory.token.set(frame.token);
        this.pump();
        break;
      case "again":
        this.token = null;
        memory.token.set(null);
        this.on.notice(frame.text);
        this.up();
        break;
      case "message":
        this.cursor = Math.max(this.cursor, frame.message);
        this.on.message(frame);
        this.write({ type: "ack", message: frame.message });
        break;
      case "said":
        this.cursor = Math.max(this.cursor, frame.message);
        this.stored(frame.id);
        this.on.said(frame);
        break;
      case "stored":
        this.sent = null;
        this.stored(frame.id);
        this.pump();
        break;
      case "refused":
        this.sent = null;
        this.on.notice(frame.text);
        if (this.unsent.has(frame.id)) this.mark(this.unsent.get(frame.id), "refused");
        this.pump();
        break;
      case "slow":
        this.sent = null;
        this.on.notice(frame.text);
        this.pause = setTimeout(() => {
          this.pause = null;
          this.pump();
        }, 1000 * frame.after);
        break;
      case "typing":
        this.on.typing();
        break;
      case "error":
        this.on.notice(frame.text);
        break;
    }
  }

  up() {
    this.ready = true;
    this.wait = FIRST_WAIT;
    this.on.up();
    this.pump();
  }

  stored(id) {
    const item = this.unsent.get(id);
    if (!item) return;
    this.unsent.delete(id);
    this.mark(item, "stored");
  }

  // Gives up a message no connection can carry.
  drop(item) {
    if (!item) return;
    this.unsent.delete(item.id);
    this.mark(item, "too_long");
  }

  longest() {
    return [...this.unsent.values()].sort((a, b) => b.text.length - a.text.length)[0];
  }

  mark(item, state) {
    item.state = state;
    this.save();
    this.on.state(item);
  }

  save() {
    memory.saveUnsent([...this.unsent.values()]);
  }

  write(frame) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  // Something must come back soon; whatever comes will do.
  expect() {
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => this.socket?.onclose?.({ code: 0 }), PATIENCE);
  }
}
