// The pieces that every view is made of. Text enters the page as text nodes only, so nothing that an agent prints is markup.

/** An element: `on…` members are listeners, `true` and `false` set and leave out an attribute, the rest are attributes. */
export function h(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [attribute, value] of Object.entries(attributes)) {
        if (typeof value === "function") made.addEventListener(attribute.slice(2), value);
        else if (value === true) made.setAttribute(attribute, "");
        else if (value !== false && value != null) made.setAttribute(attribute, value);
    }
    made.append(...children.flat().filter((child) => child != null && child !== false));
    return made;
}

export const words = (status) => status.replaceAll("_", " ");

const tones = {
    good: ["succeeded", "completed", "approved", "done", "closed", "enabled"],
    bad: ["failed", "lost", "timed_out", "rejected", "expired"],
    busy: ["running", "starting", "in_progress", "queued"],
    wait: ["pending", "review", "blocked", "waiting", "interrupted"],
};

/** A status as a word on a ground; the word says it all, the colour only helps. */
export function badge(status) {
    const tone = Object.keys(tones).find((name) => tones[name].includes(status)) ?? "calm";
    return h("span", { class: `badge ${tone}` }, words(status));
}

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

function ago(date) {
    const seconds = (date - Date.now()) / 1000;
    for (const [unit, length] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
        if (Math.abs(seconds) >= length) return relative.format(Math.round(seconds / length), unit);
    }
    return "just now";
}

/** A moment as its distance from now; the exact one shows on pointing. */
export function time(stamp) {
    if (!stamp) return "–";
    const date = new Date(stamp);
    return h("time", { datetime: stamp, title: date.toLocaleString() }, ago(date));
}

/** Brings the times on the page up to now, since what has not changed is not drawn again. */
export function tick() {
    for (const element of document.querySelectorAll("time")) element.textContent = ago(new Date(element.dateTime));
}

/** How long something took, or has taken so far. */
export function took(from, to) {
    if (!from) return "–";
    const seconds = Math.max(0, ((to ? new Date(to) : Date.now()) - new Date(from)) / 1000);
    if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
    const minutes = Math.floor(seconds / 60);
    return minutes < 60 ? `${minutes} min ${Math.floor(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A table that becomes a stack of cards on a phone: each cell carries its column's name. */
export function table(columns, rows) {
    return h("table", {},
        h("thead", {}, h("tr", {}, columns.map((column) => h("th", { scope: "col" }, column)))),
        h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell, index) =>
            h("td", { "data-column": columns[index] }, cell))))));
}

export const empty = (sentence) => h("p", { class: "empty" }, sentence);

/** A part of a view; one without a title is what the view's heading is about. */
export const panel = (title, ...children) => h("section", { class: "panel" }, title && h("h2", {}, title), ...children);

export const facts = (pairs) => h("dl", { class: "facts" },
    pairs.filter(([, value]) => value != null && value !== "").map(([name, value]) =>
        h("div", {}, h("dt", {}, name), h("dd", {}, value))));

/** Links that narrow a list down, the chosen one marked. */
export const choices = (label, options, chosen) => h("nav", { class: "choices", "aria-label": label },
    options.map(([name, href]) => h("a", { href, "aria-current": name === chosen ? "true" : null }, words(name))));

/** Says what went wrong, or nothing, at the top of the page, where it is also read out. */
export function say(message = "") {
    const notice = document.getElementById("notice");
    notice.replaceChildren(...(message ? [h("p", {}, message)] : []));
    if (message) notice.scrollIntoView({ block: "nearest" });
}

/** Asks the shown view to fetch and draw anew. */
export const changed = () => dispatchEvent(new CustomEvent("changed"));

/**
 * A button that does something and then brings the view up to date. It is off while it works, so that nothing is sent twice.
 * `id` tells it from the others of the page, so that the keyboard stays on it when the view is drawn anew.
 */
export function action(label, id, work, kind = "") {
    const button = h("button", { type: "button", class: kind, "data-focus": `${label} ${id}`, onclick: async () => {
        button.disabled = true;
        try {
            if (await work() !== false) say();
        } catch (error) {
            say(error.message);
        }
        button.disabled = false;
        changed();
    } }, label);
    return button;
}

/** Asks before something that cannot be taken back, for a reason if `field` names one. Gives the reason, or null for no. */
export function ask({ title, text, field, yes, no = "Back" }) {
    return new Promise((resolve) => {
        const input = field && h("textarea", { name: "reason", rows: 3, required: true });
        const dialog = h("dialog", { "aria-label": title, onclose: () => {
            resolve(dialog.returnValue === "yes" ? (input?.value ?? "yes") : null);
            dialog.remove();
        } },
        h("form", { onsubmit: (event) => { event.preventDefault(); dialog.close("yes"); } },
            h("h2", {}, title), text && h("p", {}, text), input && h("label", {}, field, input),
            h("div", { class: "buttons" },
                h("button", { class: "bad" }, yes),
                h("button", { type: "button", onclick: () => dialog.close("no") }, no))));
        document.body.append(dialog);
        dialog.showModal();
    });
}

/**
 * A form that is folded away until it is wanted.
 * - fields: `{ name, label, kind?, required?, hint?, options? }`; kinds are text, area, check, number and select.
 * - send: takes the values by name, blank ones left out, and posts them.
 */
export function creation(title, fields, send) {
    const problem = h("p", { class: "problem", role: "alert" });
    const button = h("button", { class: "main" }, "Create");
    const form = h("form", { onsubmit: async (event) => {
        event.preventDefault();
        button.disabled = true;
        problem.textContent = "";
        try {
            await send(values(form, fields));
            form.reset();
            details.open = false;
            changed();
        } catch (error) {
            problem.textContent = error.message;
        }
        button.disabled = false;
    } }, fields.map(control), problem, h("div", { class: "buttons" }, button));
    // Opened by hand, since the browser tells of its own opening too late for a reader who types on at once.
    const summary = h("summary", { onclick: (event) => {
        event.preventDefault();
        details.open = !details.open;
        if (details.open) form.elements[0].focus();
    } }, title);
    const details = h("details", { class: "panel creation" }, summary, form);
    return details;
}

function control({ name, label, kind = "text", required = false, hint, options = [], value }) {
    const shared = { name, required };
    if (kind === "check") {
        return h("label", { class: "check" }, h("input", { ...shared, type: "checkbox", checked: !!value }), label);
    }
    const input = kind === "area" ? h("textarea", { ...shared, rows: 8 })
        : kind === "select" ? h("select", shared, options.map(([id, text]) => h("option", { value: id }, text)))
        : h("input", { ...shared, type: kind, value, min: kind === "number" ? 1 : null, autocomplete: "off" });
    return h("label", {}, label, required && h("span", { class: "hint" }, " needed"), input,
        hint && h("span", { class: "hint" }, hint));
}

function values(form, fields) {
    const found = {};
    for (const { name, kind } of fields) {
        const input = form.elements[name];
        if (kind === "check") found[name] = input.checked;
        else if (input.value.trim() !== "") found[name] = kind === "number" ? Number(input.value) : input.value;
    }
    return found;
}
