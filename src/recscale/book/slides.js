/* Slides: arrow keys or buttons turn them, n shows notes, t changes the theme, Home and End jump. Print shows all. */
(() => {
  "use strict";
  const slides = [...document.querySelectorAll(".slide")];
  const [back, forward, place, notes, theme] = ["back", "forward", "place", "notes", "theme"].map((id) => document.getElementById(id));
  let current = 0;

  function go(number, focus = true) {
    current = Math.max(0, Math.min(slides.length - 1, number));
    slides.forEach((slide, index) => slide.classList.toggle("shown", index === current));
    back.disabled = current === 0;
    forward.disabled = current === slides.length - 1;
    place.textContent = `${current + 1} / ${slides.length}`;
    history.replaceState(null, "", `#${current + 1}`);
    if (focus) {
      slides[current].tabIndex = -1;
      slides[current].focus({ preventScroll: true });
    }
  }

  function toggle(button, name, on) {
    const state = on ?? button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(state));
    if (name === "notes") document.body.classList.toggle("with-notes", state);
    else document.documentElement.dataset.theme = state ? "dark" : "light";
  }

  const keys = {
    ArrowRight: () => go(current + 1), PageDown: () => go(current + 1), " ": () => go(current + 1),
    ArrowLeft: () => go(current - 1), PageUp: () => go(current - 1),
    Home: () => go(0), End: () => go(slides.length - 1),
    n: () => toggle(notes, "notes"), t: () => toggle(theme, "theme"),
  };

  document.addEventListener("keydown", (event) => {
    const inside = event.target.closest("button, input, select, textarea, a, .recscale-plot [tabindex]");
    if (inside && (event.key === " " || inside.tagName !== "BUTTON")) return;
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  back.addEventListener("click", () => go(current - 1, false));
  forward.addEventListener("click", () => go(current + 1, false));
  notes.addEventListener("click", () => toggle(notes, "notes"));
  theme.addEventListener("click", () => toggle(theme, "theme"));
  window.addEventListener("hashchange", () => go(Number(location.hash.slice(1)) - 1 || 0));
  window.addEventListener("beforeprint", () => toggle(theme, "theme", false));
  document.body.classList.add("turning");
  go(Number(location.hash.slice(1)) - 1 || 0, false);
})();
