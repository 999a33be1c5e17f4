// Puts the chat on another site: <script src="https://our-host/embed.js" data-language="vi" defer></script>
// A button in the corner, and our page in a frame once it is tapped. It touches nothing else there, and works under a
// strict content policy: only script-src and frame-src must allow our host.

(() => {
  const WORDS = "WORDS";
  const script = document.currentScript;
  const home = new URL("./", script.src);
  const language = script.dataset.language in WORDS ? script.dataset.language : "vi";
  const name = WORDS[language];

  const style = new CSSStyleSheet();
  style.replaceSync(`
    :host { all: initial; }
    button { position: fixed; z-index: 2147483000; right: calc(16px + env(safe-area-inset-right));
      bottom: calc(16px + env(safe-area-inset-bottom)); display: flex; align-items: center; gap: 10px; min-height: 56px;
      padding: 8px 20px 8px 10px; border: 2px solid #ffc94d; border-radius: 32px; background: #0b4a7f; color: #fff;
      font: 600 16px/1.2 system-ui, sans-serif; box-shadow: 0 3px 12px rgb(0 0 0 / 30%); cursor: pointer; }
    button:focus-visible { outline: 3px solid #c25700; outline-offset: 3px; }
    svg { width: 38px; height: 38px; }
    iframe { position: fixed; z-index: 2147483001; right: 16px; bottom: 16px; width: 400px;
      height: min(680px, calc(100vh - 32px)); border: 0; border-radius: 16px; box-shadow: 0 6px 32px rgb(0 0 0 / 35%); }
    @media (max-width: 480px) { iframe { inset: 0; width: 100%; height: 100%; border-radius: 0; } }
    [hidden] { display: none; }
  `);

  const corner = document.createElement("div");
  const root = corner.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [style];

  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-haspopup", "dialog");
  button.innerHTML = `<svg viewBox="0 0 48 48" aria-hidden="true" fill="none" stroke-linecap="round" stroke-width="3">
    <path d="M6 33h36M15 39V14m18 25V14" stroke="#fff"/>
    <path d="M6 27c5-1 8-5 9-12 2 8 5 11 9 11s7-3 9-11c1 7 4 11 9 12" stroke="#ffc94d"/></svg>`;
  const label = document.createElement("span");
  label.textContent = name;
  button.append(label);
  root.append(button);

  let frame = null;

  function open() {
    if (!frame) {
      frame = document.createElement("iframe");
      frame.title = name;
      frame.src = new URL(`?language=${language}`, home);
      root.append(frame);
    }
    frame.hidden = false;
    button.hidden = true;
    frame.focus();
  }

  function close() {
    frame.hidden = true;
    button.hidden = false;
    button.focus();
  }

  button.addEventListener("click", open);
  window.addEventListener("message", (event) => {
    if (frame && event.source === frame.contentWindow && event.data === "cau-noi:close") close();
  });

  const place = () => document.body.append(corner);
  if (document.body) place();
  else document.addEventListener("DOMContentLoaded", place);
})();
