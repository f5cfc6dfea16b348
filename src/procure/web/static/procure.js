// What a page does by itself; everything works without it too.

// Tell the design system that scripts run, and start its components.
document.body.classList.add("js-enabled");
if ("noModule" in HTMLScriptElement.prototype) {
  document.body.classList.add("govuk-frontend-supported");
}
import("/static/vendor/govuk-frontend.min.js").then((govuk) => govuk.initAll());

// After a refusal the reasons have the focus, so that a reader of the screen hears them first.
document.querySelector("[data-focus]")?.focus();

// Forms that carry our token by header as well, for parts that are loaded alone.
document.body.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector("input[name=_csrf]");
  if (token) event.detail.headers["x-csrf-token"] = token.value;
});

// A page that waits for something looks again by itself.
const wait = document.querySelector("[data-reload-seconds]");
if (wait) setTimeout(() => location.reload(), 1000 * Number(wait.dataset.reloadSeconds));

// What was typed and not yet sent survives a closed window, in this tab alone and without secrets.
for (const form of document.querySelectorAll("form[data-keep]")) {
  const key = `kept:${location.pathname}:${form.dataset.keep}`;
  const fields = () => [...form.elements].filter((f) => f.name && !f.name.startsWith("_")
    && !["hidden", "password", "file", "submit"].includes(f.type));
  const kept = JSON.parse(sessionStorage.getItem(key) ?? "null");
  if (kept && !document.querySelector(".govuk-error-summary")) {
    for (const field of fields()) {
      const value = kept[field.name];
      if (value === undefined) continue;
      if (field.type === "radio" || field.type === "checkbox") field.checked = value.includes(field.value);
      else if (!field.value) field.value = value[0];
    }
  }
  form.addEventListener("input", () => {
    const values = {};
    for (const field of fields()) {
      if ((field.type === "radio" || field.type === "checkbox") && !field.checked) continue;
      (values[field.name] ??= []).push(field.value);
    }
    sessionStorage.setItem(key, JSON.stringify(values));
  });
  form.addEventListener("submit", () => sessionStorage.removeItem(key));
}
