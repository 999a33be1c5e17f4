// Says when the server is away, and keeps what the officer looks at in its place while the list is drawn anew.
const lost = document.getElementById("lost");
const news = document.getElementById("news");
let kept = null;
let fading;

// The line of news lies over the list, so it leaves by itself; what it told stands in the list.
function fade() {
  clearTimeout(fading);
  fading = setTimeout(() => news.replaceChildren(), 30_000);
}

function visible() {
  if (!scrollY) return null;
  const lead = [...document.querySelectorAll(".lead")].find((found) => found.getBoundingClientRect().bottom > 0);
  return lead ? { id: lead.id, top: lead.getBoundingClientRect().top } : null;
}

document.body.addEventListener("htmx:sendError", () => { lost.hidden = false; });
document.body.addEventListener("htmx:responseError", () => { lost.hidden = false; });
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) lost.hidden = true;
});
document.body.addEventListener("htmx:oobAfterSwap", fade);
document.body.addEventListener("htmx:beforeSwap", () => { kept = visible(); });
document.body.addEventListener("htmx:afterSwap", () => {
  const lead = kept && document.getElementById(kept.id);
  if (lead) scrollBy({ top: lead.getBoundingClientRect().top - kept.top, behavior: "instant" });
  kept = null;
});
fade();
