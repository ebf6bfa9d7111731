// Agents: who works, and making one that needs no model.
import { list, post } from "./api.js";
import { action, badge, creation, empty, h, table } from "./dom.js";

const fields = [
    { name: "name", label: "Name", required: true },
    { name: "slug", label: "Short name", hint: "For @mentions in plans; made from the name if left out." },
    { name: "description", label: "Description" },
    { name: "instructions", label: "Instructions", kind: "area",
        hint: "A runbook agent runs the fenced sh blocks of its task, and those written here when the task has none." },
    { name: "max_concurrent_runs", label: "Runs at the same time", kind: "number", value: 1 },
    { name: "can_commit", label: "May commit what it changes, on a branch of its own", kind: "check", value: true },
    { name: "review", label: "A human accepts its results", kind: "check" },
];

async function create({ can_commit, review, ...agent }) {
    await post("/agents-api", {
        ...agent, model: { provider: "runbook" }, permissions: { can_commit }, review: review ? "human" : "none",
    });
}

const toggle = (agent) => agent.enabled
    ? action("Disable", agent.id, () => post(`/agents-api/${agent.id}/disable`))
    : action("Enable", agent.id, () => post(`/agents-api/${agent.id}/enable`), "main");

export function agents() {
    let wanted = 50;
    return {
        title: "Agents",
        before: [creation("New runbook agent", fields, create)],
        load: () => list("/agents-api", "agents", wanted),
        draw: ({ items, more }) => [
            items.length
                ? table(["Agent", "Works with", "Review", "State", ""], items.map((agent) => [
                    h("span", {}, h("strong", {}, agent.name), " ", h("code", {}, `@${agent.slug}`),
                        agent.description && h("span", { class: "hint block" }, agent.description)),
                    [agent.model.provider, agent.model.model].filter(Boolean).join(", "),
                    agent.review === "human" ? "by a human" : "none",
                    badge(agent.enabled ? "enabled" : "disabled"), toggle(agent),
                ]))
                : empty("No agents yet. A runbook agent needs no model and shows how everything works."),
            more && action("Show more", "agents", () => { wanted += 50; }),
        ],
    };
}
