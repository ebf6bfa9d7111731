// Every request of the dashboard, and the session that they are sent with.

/** What the suite answered instead of what was asked for; its message is for the reader. */
export class Refusal extends Error {
    constructor(message, status, code) {
        super(message);
        this.status = status;
        this.code = code;
    }
}

const key = "nexus-csrf";
// The token belongs to the tab, the cookie to the browser: tabs hand the token on, or each new one would ask for the password.
const tabs = new BroadcastChannel("nexus-session");

export const session = {
    get token() { return sessionStorage.getItem(key) ?? ""; },
    keep(token) {
        sessionStorage.setItem(key, token);
        tabs.postMessage({ token });
    },
    forget() { sessionStorage.removeItem(key); },
};

tabs.onmessage = ({ data }) => {
    if (data.token) sessionStorage.setItem(key, data.token);
    if (data.wanted && session.token) tabs.postMessage({ token: session.token });
};
if (!session.token) tabs.postMessage({ wanted: true });

async function answer(path, { method = "GET", body, accept = "application/json" } = {}) {
    const headers = { accept };
    if (method !== "GET") headers["x-csrf-token"] = session.token;
    if (body !== undefined) headers["content-type"] = "application/json";
    let response;
    try {
        response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    } catch {
        throw new Refusal("Nexus cannot be reached. Is it running?", 0);
    }
    if (response.ok) return response;
    const problem = await response.json().catch(() => ({}));
    const refusal = new Refusal(problem.error ?? `${response.status} ${response.statusText}`, response.status, problem.code);
    // A wrong password is 401, too, and the form itself says so. A write without its token needs a new sign-in as well.
    if (!path.startsWith("/auth/log") && (refusal.status === 401 || refusal.code === "csrf")) {
        dispatchEvent(new CustomEvent("signed-out"));
    }
    throw refusal;
}

export async function get(path) { return (await answer(path)).json(); }

export async function text(path) { return (await answer(path, { accept: "*/*" })).text(); }

/** What is not there is `null`: for what may not exist yet, or no longer. */
export async function find(path) {
    try {
        return await get(path);
    } catch (error) {
        if (error.status === 404) return null;
        throw error;
    }
}

export async function post(path, body = {}) {
    const response = await answer(path, { method: "POST", body });
    return response.status === 204 ? null : response.json();
}

/** The first `wanted` members of a list, page after page, and whether there are more. */
export async function list(path, name, wanted = 50) {
    const items = [];
    let cursor = null;
    do {
        const query = new URLSearchParams({ limit: Math.min(wanted - items.length, 200) });
        if (cursor) query.set("cursor", cursor);
        const page = await get(`${path}${path.includes("?") ? "&" : "?"}${query}`);
        items.push(...page[name]);
        cursor = page.next_cursor ?? null;
    } while (cursor && items.length < wanted);
    return { items, more: cursor !== null };
}

const known = new Map();

/** The names of objects by id, each asked for once; what was deleted is called by its id. */
export async function names(prefix, ids) {
    const found = {};
    await Promise.all([...new Set(ids)].filter(Boolean).map(async (id) => {
        const path = `${prefix}/${encodeURIComponent(id)}`;
        if (!known.has(path)) {
            const object = await find(path);
            known.set(path, object?.title ?? object?.name ?? id);
        }
        found[id] = known.get(path);
    }));
    return found;
}
