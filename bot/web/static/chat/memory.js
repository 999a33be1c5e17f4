// What the browser keeps: the token and the language for all tabs, unsent messages for this tab.
// Some browsers refuse storage inside another site's page; then it is kept as long as the page is open.

const TOKEN = "cau-noi.token";

function keep(area, key) {
  let held = null;
  return {
    get() {
      try {
        return window[area].getItem(key) ?? held;
      } catch {
        return held;
      }
    },
    set(value) {
      held = value;
      try {
        if (value === null) window[area].removeItem(key);
        else window[area].setItem(key, value);
      } catch {
        // `held` has it.
      }
    },
  };
}

export const token = keep("localStorage", TOKEN);
export const language = keep("localStorage", "cau-noi.language");

const unsent = keep("sessionStorage", "cau-noi.unsent");

export function loadUnsent() {
  try {
    return JSON.parse(unsent.get() ?? "[]");
  } catch {
    return [];
  }
}

export function saveUnsent(items) {
  unsent.set(items.length ? JSON.stringify(items) : null);
}

// Calls back when another tab of this visitor got a token.
export function onToken(callback) {
  window.addEventListener("storage", (event) => {
    if (event.key === TOKEN && event.newValue) callback(event.newValue);
  });
}

// An id nobody else makes. (crypto.randomUUID is missing on plain http.)
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
