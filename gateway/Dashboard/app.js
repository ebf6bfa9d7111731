// Signing in, finding the view that the address names, and keeping what it shows up to date.
import { find, get, post, session } from "./api.js";
import { empty, h, say, tick } from "./dom.js";
import { agents } from "./agents.js";
import { board } from "./board.js";
import { goal, goals } from "./goals.js";
import { overview } from "./overview.js";
import { projects } from "./projects.js";
import { run, runs } from "./runs.js";

// Without a feed of what changed, asking anew is how a page stays true; a page that nobody looks at does not ask.
const refreshMilliseconds = 3000;

const views = [
    ["", "Overview", overview], ["goals", "Goals", goals, goal], ["board", "Board", board],
    ["runs", "Runs", runs, run], ["agents", "Agents", agents], ["projects", "Projects", projects],
];

const app = document.getElementById("app");
const top = document.getElementById("top");
let page = null;
let isSigningIn = false;

/** `#/goals/goal_1?status=running` → the view, its object's id, and the rest as a query. */
function route() {
    const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
    const [name, id = ""] = path.split("/").map(decodeURIComponent);
    return { view: views.find(([own]) => own === name) ?? views[0], id, query: new URLSearchParams(query) };
}

function leave() {
    page?.stop?.();
    page = null;
    for (const dialog of document.querySelectorAll("dialog")) dialog.close();
}

/**
 * Shows the view that the address names. A view is `{ title, load, draw, name?, before?, after?, stop? }`: `draw` makes the nodes
 * of what `load` fetched, again whenever that changes, and `name` its heading; `before` and `after` (forms, a log) are made once
 * and keep their state.
 */
async function show() {
    leave();
    say();
    const { view: [name, label, all, one], id, query } = route();
    for (const link of document.querySelectorAll("#nav a")) {
        if (link.dataset.name === name) {
            link.setAttribute("aria-current", "page");
            link.scrollIntoView({ block: "nearest", inline: "nearest" });
        } else link.removeAttribute("aria-current");
    }
    const body = h("div", { class: "view" }, empty("Loading …"));
    const heading = h("h1", {});
    const shown = { ...(id && one ? one(id) : all(query)), heading, body, seen: null };
    heading.textContent = shown.title;
    page = shown;
    document.title = `${label} · Nexus`;
    app.replaceChildren(heading, ...(shown.before ?? []), body, ...(shown.after ?? []));
    await refresh();
    if (page === shown) scrollTo(0, 0);
}

async function refresh() {
    const shown = page;
    if (!shown) return;
    // What is on its way may be older than the change that asks for this.
    if (shown.isLoading) {
        shown.isStale = true;
        return;
    }
    shown.isLoading = true;
    shown.isStale = false;
    try {
        const data = await shown.load();
        if (page !== shown) return;
        const seen = JSON.stringify(data);
        if (seen !== shown.seen) {
            redraw(shown.body, shown.draw(data));
            if (shown.name) shown.heading.textContent = shown.name(data);
            document.title = `${shown.heading.textContent} · Nexus`;
        }
        shown.seen = seen;
        if (shown.hasFailed) say();
        shown.hasFailed = false;
    } catch (error) {
        if (page !== shown || isSigningIn) return;
        // Said once, not every few seconds, and taken back when the suite answers again.
        if (!shown.hasFailed) say(error.message);
        shown.hasFailed = true;
        if (shown.seen === null) shown.body.replaceChildren(empty("Nothing to show."));
    } finally {
        shown.isLoading = false;
    }
    tick();
    if (shown.isStale) await refresh();
}

/** Draws anew without taking the keyboard's place away, folding open things up, or losing the board's scroll. */
function redraw(body, nodes) {
    const focus = body.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
    const open = new Set([...body.querySelectorAll("details[open][data-key]")].map((element) => element.dataset.key));
    const scroll = body.querySelector(".board")?.scrollLeft ?? 0;
    body.replaceChildren(...nodes.flat().filter(Boolean));
    for (const element of body.querySelectorAll("details[data-key]")) element.open = open.has(element.dataset.key);
    if (scroll) body.querySelector(".board").scrollLeft = scroll;
    if (focus) [...body.querySelectorAll("[data-focus]")].find((element) => element.dataset.focus === focus)?.focus();
}

function signInForm(message = "") {
    if (isSigningIn) return;
    isSigningIn = true;
    leave();
    top.hidden = true;
    document.title = "Sign in · Nexus";
    const problem = h("p", { class: "problem", role: "alert" }, message);
    const name = h("input", { name: "username", autocomplete: "username", required: true, autocapitalize: "none" });
    const password = h("input", { name: "password", type: "password", autocomplete: "current-password", required: true });
    const button = h("button", { class: "main" }, "Sign in");
    const submit = async (event) => {
        event.preventDefault();
        button.disabled = true;
        problem.textContent = "";
        try {
            const body = { username: name.value, password: password.value, session: true };
            session.keep((await post("/auth/login", body)).csrf_token);
            await start();
        } catch (error) {
            problem.textContent = error.message;
            password.select();
        }
        button.disabled = false;
    };
    say();
    app.replaceChildren(h("form", { class: "panel sign-in", onsubmit: submit },
        h("h1", {}, "Nexus"), h("p", { class: "hint" }, "Sign in to watch and steer your agents."),
        h("label", {}, "User name", name), h("label", {}, "Password", password), problem, button));
    name.focus();
}

async function signOut() {
    // The session is over for this page whatever the suite answers.
    await post("/auth/logout").catch(() => {});
    session.forget();
    signInForm();
}

/** Shows the dashboard to whoever the session's cookie belongs to. */
async function start() {
    const me = await get("/auth/me");
    isSigningIn = false;
    document.getElementById("nav").replaceChildren(...views.map(([name, label]) =>
        h("a", { href: `#/${name}`, "data-name": name }, label)));
    document.getElementById("who").replaceChildren(
        h("span", { class: "hint" }, me.role ? `${me.name}, ${me.role}` : me.name),
        h("button", { type: "button", onclick: signOut }, "Sign out"));
    top.hidden = false;
    await show();
}

addEventListener("hashchange", () => {
    // The link that skips to the content names an element, not a view.
    if (!location.hash.startsWith("#/") && location.hash !== "") return;
    if (!isSigningIn) show();
});
addEventListener("changed", refresh);
addEventListener("signed-out", () => {
    signInForm(session.token ? "The session has ended. Please sign in again." : "");
    session.forget();
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
setInterval(() => { if (!document.hidden) refresh(); }, refreshMilliseconds);

start().catch((error) => {
    if (!isSigningIn) signInForm(error.message);
});
