// What a run prints, as it prints it, and what it changed.
import { changed, h, panel, words } from "./dom.js";

// A page with more lines than this becomes slow; the whole log stays with the suite.
const linesMax = 5000;
const diffLinesMax = 3000;
const reconnectMilliseconds = 3000;

function lineOf({ stream, level, text, time }) {
    const quiet = stream === "stdout" ? "" : h("span", { class: "stream" }, `${stream} `);
    const about = `${stream}, ${new Date(time).toLocaleTimeString()}`;
    return h("div", { class: `line ${stream} ${level ?? ""}`, title: about }, quiet, text);
}

/**
 * A log that follows its run. Lines that come together are added together, and the view stays at the end unless the reader
 * has scrolled away from it. Gives its node, `start`, which may be called again and again, and `stop`, which ends it for good.
 */
export function logOf(path) {
    const lines = h("div", { class: "log", role: "log", tabindex: 0, "aria-label": "Log" });
    const state = h("p", { class: "hint" });
    let waiting = [];
    let last = 0;
    let source = null;
    let timer = null;
    let isStopped = false;

    function flush() {
        const isAtEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 40;
        lines.append(...waiting.slice(-linesMax).map(lineOf));
        waiting = [];
        while (lines.childElementCount > linesMax) lines.firstElementChild.remove();
        if (last > linesMax) lines.dataset.cut = `Only the last ${linesMax} lines are shown.`;
        if (isAtEnd) lines.scrollTop = lines.scrollHeight;
    }

    function connect() {
        source = new EventSource(`${path}?after=${last}`);
        source.onopen = () => { state.textContent = "Live: lines appear as they are printed."; };
        source.addEventListener("log", (event) => {
            const line = JSON.parse(event.data);
            if (line.seq <= last) return;
            last = line.seq;
            if (waiting.push(line) === 1) requestAnimationFrame(flush);
        });
        source.addEventListener("end", (event) => {
            source.close();
            const { status } = JSON.parse(event.data);
            state.textContent = `${last === 0 ? "Nothing was printed" : "The end"}: ${words(status)}.`;
            changed();
        });
        source.onerror = () => {
            // The browser tries again by itself after a break, but not after an answer that was no stream.
            state.textContent = "The connection is lost; trying again …";
            if (source.readyState !== EventSource.CLOSED || isStopped) return;
            timer = setTimeout(connect, reconnectMilliseconds);
        };
    }

    return {
        node: panel("Log", state, lines),
        start() {
            if (!source && !isStopped) connect();
        },
        stop() {
            isStopped = true;
            source?.close();
            clearTimeout(timer);
        },
    };
}

function toneOf(line) {
    if (/^(diff|index|---|\+\+\+|new file|deleted file|similarity|rename) ?/.test(line)) return "file";
    return { "+": "added", "-": "removed", "@": "place" }[line[0]] ?? "";
}

/** A diff with a ground for what came and what went; the signs stay, so that it also reads without colours. */
export function diffOf(diff) {
    const lines = diff.replace(/\n$/, "").split("\n");
    const cut = lines.length > diffLinesMax && `… and ${lines.length - diffLinesMax} more lines; the file has them all.`;
    return h("div", { class: "log diff", tabindex: 0, role: "group", "aria-label": "Changes" },
        lines.slice(0, diffLinesMax).map((line) => h("div", { class: `line ${toneOf(line)}` }, line)), cut);
}
