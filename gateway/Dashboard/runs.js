// Runs: every try of an agent at a task, and one of them with its log as it is written.
import { find, get, list, names, post, text } from "./api.js";
import { action, ask, badge, choices, empty, facts, h, panel, table, time, took, words } from "./dom.js";
import { diffOf, logOf } from "./output.js";

const statuses = ["queued", "starting", "running", "succeeded", "failed", "cancelled", "timed_out", "lost"];
const isActive = (run) => statuses.indexOf(run.status) < 3;
const path = (run) => `/runs-api/${encodeURIComponent(run)}`;
const diffName = "changes.diff";

export const runTable = (runs, tasks, agents) => table(["Task", "Agent", "Status", "Made", "Took"], runs.map((run) => [
    h("a", { href: `#/runs/${run.id}` }, tasks[run.task_id]), agents[run.agent_id],
    h("span", {}, badge(run.status), run.attempt > 1 && h("span", { class: "hint" }, ` attempt ${run.attempt}`)),
    time(run.created_at), isActive(run) ? "not finished" : took(run.started_at, run.finished_at),
]));

export function runs(query) {
    const status = query.get("status");
    let wanted = 50;
    return {
        title: "Runs",
        before: [choices("Status",
            [["all", "#/runs"], ...statuses.map((one) => [one, `#/runs?status=${one}`])], status ?? "all")],
        async load() {
            const filter = status ? `?status=${encodeURIComponent(status)}` : "";
            const { items, more } = await list(`/runs-api${filter}`, "runs", wanted);
            const [tasks, agents] = await Promise.all([
                names("/tasks-api", items.map((run) => run.task_id)), names("/agents-api", items.map((run) => run.agent_id)),
            ]);
            return { items, more, tasks, agents };
        },
        draw: ({ items, more, tasks, agents }) => [
            items.length ? runTable(items, tasks, agents) : empty("No runs here."),
            more && action("Show more", "runs", () => { wanted += 50; }),
        ],
    };
}

async function cancel(run) {
    const yes = await ask({ title: "Cancel this run?", text: "Its processes are ended at once.", yes: "Cancel the run" });
    if (yes === null) return false;
    await post(`${path(run.id)}/cancel`);
}

const bytes = (count) => count < 1024 ? `${count} bytes` : `${(count / 1024).toFixed(1)} KiB`;

function resultPanel(id, run, result) {
    const failure = result?.failure ?? run.failure;
    if (!result && !failure) return null;
    const usage = result?.usage ?? run.usage;
    const summary = result?.summary !== failure?.message && result?.summary;
    return panel("Result",
        failure && h("p", { class: "problem" }, failure.message),
        summary && h("p", {}, summary),
        facts([["Exit code", result?.exit_code?.toString()],
            ["Reason", failure && failure.message !== failure.reason && words(failure.reason)],
            ["Tokens", usage.input_tokens + usage.output_tokens > 0
                && `${usage.input_tokens} in, ${usage.output_tokens} out`],
            ["Cost", usage.cost_usd > 0 && `${usage.cost_usd.toFixed(2)} USD`]].map(([name, value]) => [name, value || null])),
        result?.output && h("details", { "data-key": "output" }, h("summary", {}, "Output"), h("pre", {}, result.output)),
        result?.artifacts.length > 0 && h("ul", {}, result.artifacts.map((artifact) => h("li", {},
            h("a", { href: `${path(id)}/artifacts/${encodeURIComponent(artifact.name)}`, download: artifact.name },
                artifact.name),
            h("span", { class: "hint" }, ` ${bytes(artifact.bytes)}`)))));
}

async function loadRun(id, log, had) {
    const shown = await get(path(id));
    log.start();
    const result = isActive(shown) ? null : await find(`${path(id)}/result`);
    // What a run changed is final with its result, and may be long: it is fetched once.
    if (result?.artifacts.some((artifact) => artifact.name === diffName)) {
        had.diff ??= await text(`${path(id)}/artifacts/${diffName}`);
    }
    const [task, agent, project, goal] = await Promise.all([
        ["/tasks-api", shown.task_id], ["/agents-api", shown.agent_id], ["/api/projects", shown.project_id],
        ["/goals-api", shown.goal_id],
    ].map(async ([prefix, one]) => (await names(prefix, [one]))[one]));
    return { run: shown, result, diff: had.diff, task, agent, project, goal };
}

/** One run; its log stands apart from what is drawn anew, and grows by itself. */
export function run(id) {
    const had = {};
    const log = logOf(`${path(id)}/logs`);
    return {
        title: "Run",
        load: () => loadRun(id, log, had),
        name: (data) => data.task,
        draw: ({ run: shown, result, diff, agent, project, goal }) => [
            panel(null,
                facts([["Status", badge(shown.status)], ["Agent", agent], ["Project", project],
                    ["Goal", shown.goal_id && h("a", { href: `#/goals/${shown.goal_id}` }, goal)],
                    ["Attempt", String(shown.attempt)], ["Started", shown.started_at && time(shown.started_at)],
                    ["Took", shown.finished_at && took(shown.started_at, shown.finished_at)],
                    ["Branch", shown.branch && h("code", {}, shown.branch)],
                    ["Commit", shown.commit && h("code", {}, shown.commit.slice(0, 12))]]),
                isActive(shown) && h("div", { class: "buttons" }, action("Cancel run", id, () => cancel(shown), "bad"))),
            resultPanel(id, shown, result),
            diff && panel("Changes", diffOf(diff)),
        ],
        after: [log.node],
        stop: log.stop,
    };
}
