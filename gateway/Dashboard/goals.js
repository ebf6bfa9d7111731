// Goals: what was asked for, and the plan of tasks that each became.
import { get, list, names, post } from "./api.js";
import { action, ask, badge, choices, creation, empty, facts, h, panel, say, table, time } from "./dom.js";

const statuses = ["pending", "running", "completed", "failed", "cancelled"];
const path = (goal) => `/goals-api/${encodeURIComponent(goal)}`;

function progress({ total, completed, failed }) {
    if (!total) return "no tasks";
    return h("span", { class: "progress" },
        h("progress", { max: total, value: completed, "aria-label": "completed tasks" }),
        ` ${completed} of ${total}`, failed ? `, ${failed} failed` : "");
}

export const goalTable = (goals, projects) => table(["Goal", "Status", "Tasks", "Project", "Made"], goals.map((goal) => [
    h("a", { href: `#/goals/${goal.id}` }, goal.title), badge(goal.status), progress(goal.progress),
    projects[goal.project_id] ?? "–", time(goal.created_at),
]));

const hint = "Headings become phases and list items tasks; “(after: …)” makes one wait for another, @agent gives it to an "
    + "agent, and a fenced sh block is what a runbook agent does.";

/** The form for a goal; it knows the projects and agents there are as soon as they are fetched. */
async function fillForm(place) {
    const [projects, agents] = await Promise.all([list("/api/projects", "projects", 200), list("/agents-api", "agents", 200)]);
    const options = (items) => [["", "None"], ...items.map((item) => [item.id, item.name])];
    const fields = [
        { name: "title", label: "Title", required: true },
        { name: "project_id", label: "Project", kind: "select", options: options(projects.items) },
        { name: "agent_id", label: "Agent for tasks that name none", kind: "select", options: options(agents.items) },
        { name: "description", label: "Description", kind: "area", hint },
    ];
    place.replaceChildren(creation("New goal", fields, async (goal) => {
        location.hash = `#/goals/${(await post("/goals-api", goal)).goal.id}`;
    }));
}

export function goals(query) {
    const status = query.get("status");
    const project = query.get("project_id");
    const kept = project ? `project_id=${encodeURIComponent(project)}` : "";
    const filter = new URLSearchParams({ ...(status && { status }), ...(project && { project_id: project }) });
    const form = h("div", {});
    fillForm(form).catch((error) => say(error.message));
    let wanted = 50;
    return {
        title: "Goals",
        before: [form, choices("Status", [["all", `#/goals?${kept}`],
            ...statuses.map((one) => [one, `#/goals?status=${one}&${kept}`])], status ?? "all")],
        async load() {
            const { items, more } = await list(`/goals-api?${filter}`, "goals", wanted);
            return { items, more, projects: await names("/api/projects", items.map((goal) => goal.project_id)) };
        },
        draw: ({ items, more, projects }) => [
            items.length ? goalTable(items, projects) : empty("No goals here."),
            more && action("Show more", "goals", () => { wanted += 50; }),
        ],
    };
}

const taskPath = (task) => `/tasks-api/${task.id}`;

/** What can be done with a task as it stands. */
function taskActions(task) {
    if (task.status === "review") return action("Accept", task.id, () => post(`${taskPath(task)}/approve`), "main");
    if (task.status === "failed" || task.status === "interrupted") {
        return action("Try again", task.id, () => post(`${taskPath(task)}/retry`));
    }
    if (task.status === "queued" || task.status === "running") {
        return action("Stop", task.id, () => post(`${taskPath(task)}/interrupt`), "bad");
    }
    return task.status === "ready" && task.agent_id && action("Start", task.id, () => post("/runs-api", { task_id: task.id }));
}

function taskCard(task, titles, agents) {
    const waits = task.depends_on.map((id) => titles[id] ?? id).join(", ");
    return h("li", { class: "card" },
        h("div", { class: "card-head" }, h("h3", {}, task.title), badge(task.status)),
        h("p", { class: "hint" }, task.agent_id ? agents[task.agent_id] : "No agent is assigned", waits && ` · after ${waits}`,
            task.run_id && h("span", {}, " · ", h("a", { href: `#/runs/${task.run_id}` }, task.runs > 1 ? "last run" : "run"))),
        task.failure && h("p", { class: "problem" }, task.failure.message),
        task.summary && task.summary !== task.failure?.message && h("p", {}, task.summary),
        task.description && h("details", { "data-key": task.id },
            h("summary", {}, "Description"), h("pre", {}, task.description)),
        h("div", { class: "buttons" }, taskActions(task) || null));
}

/** The tasks in the order of the plan, under the phases that it names. */
function phases(tasks, agents) {
    const titles = Object.fromEntries(tasks.map((task) => [task.id, task.title]));
    return [...Map.groupBy(tasks, (task) => task.phase ?? "Tasks")].map(([phase, members]) => {
        const done = members.filter((task) => task.status === "completed").length;
        return panel(phase, h("p", { class: "hint" }, `${done} of ${members.length} done`),
            h("ul", { class: "cards" }, members.map((task) => taskCard(task, titles, agents))));
    });
}

async function cancel(goal) {
    const text = "What runs is stopped; what is completed stays.";
    const yes = await ask({ title: "Cancel this goal?", text, yes: "Cancel the goal" });
    if (yes === null) return false;
    await post(`${path(goal.id)}/cancel`);
}

async function reject(goal) {
    const reason = await ask({ title: "Reject this plan?", text: goal.title, field: "Reason", yes: "Reject" });
    if (reason === null) return false;
    await post(`/approvals-api/${goal.approval_id}/reject`, { reason });
}

function goalActions(goal) {
    if (goal.status === "running") {
        return h("div", { class: "buttons" }, action("Cancel goal", goal.id, () => cancel(goal), "bad"));
    }
    return goal.status === "pending" && h("div", { class: "buttons" },
        action("Approve plan", goal.id, () => post(`${path(goal.id)}/approve`), "main"),
        goal.approval_id && action("Reject plan", goal.id, () => reject(goal), "bad"),
        action("Cancel goal", goal.id, () => cancel(goal)));
}

export const goal = (id) => ({
    title: "Goal",
    async load() {
        const [shown, tasks] = await Promise.all([get(path(id)), list(`${path(id)}/tasks`, "tasks", 1000)]);
        const [projects, agents] = await Promise.all([
            names("/api/projects", [shown.project_id]),
            names("/agents-api", [shown.agent_id, ...tasks.items.map((task) => task.agent_id)]),
        ]);
        return { goal: shown, tasks, projects, agents };
    },
    name: (data) => data.goal.title,
    draw: ({ goal: shown, tasks, projects, agents }) => [
        panel(null,
            facts([["Status", badge(shown.status)], ["Tasks", progress(shown.progress)], ["Project", projects[shown.project_id]],
                ["Agent", agents[shown.agent_id]], ["Made", time(shown.created_at)],
                ["By", shown.created_by?.name], ["Completed", shown.completed_at && time(shown.completed_at)]]),
            shown.warnings.length > 0 && h("ul", { class: "warnings" }, shown.warnings.map((warning) => h("li", {}, warning))),
            shown.description && h("details", { "data-key": shown.id },
                h("summary", {}, "Description"), h("pre", {}, shown.description)),
            goalActions(shown) || null),
        tasks.items.length ? phases(tasks.items, agents) : empty("The plan has no tasks."),
        tasks.more && empty("Only the first 1,000 tasks are shown."),
    ],
});
