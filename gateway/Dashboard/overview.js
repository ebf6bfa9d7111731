// What waits for a decision, what runs now, and what was asked for lately.
import { list, names, post } from "./api.js";
import { action, ask, badge, empty, h, panel, time } from "./dom.js";
import { goalTable } from "./goals.js";
import { runTable } from "./runs.js";

async function reject(approval) {
    const reason = await ask({ title: "Reject this?", text: approval.title, field: "Reason, for whoever asked", yes: "Reject" });
    if (reason === null) return false;
    await post(`/approvals-api/${approval.id}/reject`, { reason });
}

function approvalCard(approval, projects) {
    const subject = approval.subject_type === "goal" && `#/goals/${approval.subject_id}`;
    const by = approval.requested_by;
    return h("article", { class: "card" },
        h("div", { class: "card-head" }, h("h3", {}, subject ? h("a", { href: subject }, approval.title) : approval.title),
            badge(approval.type)),
        h("p", { class: "hint" }, by && `Asked by ${by.name ?? by.id}, `, time(approval.created_at),
            approval.project_id && ` · ${projects[approval.project_id]}`),
        approval.detail && h("details", { "data-key": approval.id },
            h("summary", {}, "What it says"), h("pre", {}, approval.detail)),
        h("div", { class: "buttons" },
            action("Approve", approval.id, () => post(`/approvals-api/${approval.id}/approve`), "main"),
            action("Reject", approval.id, () => reject(approval), "bad")));
}

export const overview = () => ({
    title: "Overview",
    async load() {
        const [approvals, goals, ...active] = await Promise.all([
            list("/approvals-api?status=pending", "approvals"), list("/goals-api", "goals", 5),
            ...["running", "starting", "queued"].map((status) => list(`/runs-api?status=${status}`, "runs")),
        ]);
        const runs = active.flatMap((page) => page.items);
        const [tasks, agents, projects] = await Promise.all([
            names("/tasks-api", runs.map((run) => run.task_id)), names("/agents-api", runs.map((run) => run.agent_id)),
            names("/api/projects", [...approvals.items, ...goals.items].map((one) => one.project_id)),
        ]);
        return { approvals, goals: goals.items, runs, tasks, agents, projects };
    },
    draw: ({ approvals, goals, runs, tasks, agents, projects }) => [
        panel(`Waiting for you${approvals.items.length ? ` (${approvals.items.length}${approvals.more ? " or more" : ""})` : ""}`,
            approvals.items.length
                ? h("div", { class: "cards" }, approvals.items.map((approval) => approvalCard(approval, projects)))
                : empty("Nothing waits for a decision.")),
        panel("Running now", runs.length ? runTable(runs, tasks, agents) : empty("No run is active.")),
        panel("Recent goals",
            goals.length ? goalTable(goals, projects)
                : empty("No goals yet. A goal is drafted into tasks, and you approve them."),
            h("p", {}, h("a", { href: "#/goals" }, "All goals"))),
    ],
});
