// Projects: what the work belongs to, and the repository that it is done in.
import { list, names, post } from "./api.js";
import { action, badge, creation, empty, h, say, table } from "./dom.js";

async function fillForm(place) {
    const agents = await list("/agents-api", "agents", 200);
    place.replaceChildren(creation("New project", [
        { name: "name", label: "Name", required: true },
        { name: "repo_url", label: "Git repository", hint: "A URL, or a path on the machine that Nexus runs on." },
        { name: "description", label: "Description" },
        { name: "agent_id", label: "Agent for tasks that name none", kind: "select",
            options: [["", "None"], ...agents.items.map(({ id, name }) => [id, name])] },
        { name: "auto_approve_plan", label: "Plans start without an approval", kind: "check" },
    ], (project) => post("/api/projects", project)));
}

export function projects() {
    const form = h("div", {});
    fillForm(form).catch((error) => say(error.message));
    let wanted = 50;
    return {
        title: "Projects",
        before: [form],
        async load() {
            const { items, more } = await list("/api/projects", "projects", wanted);
            return { items, more, agents: await names("/agents-api", items.map((project) => project.agent_id)) };
        },
        draw: ({ items, more, agents }) => [
            items.length
                ? table(["Project", "Repository", "Agent", "Status", ""], items.map((project) => [
                    h("span", {}, h("strong", {}, project.name),
                        project.description && h("span", { class: "hint block" }, project.description)),
                    project.repo_url ? h("code", {}, project.repo_url) : "–", agents[project.agent_id] ?? "–",
                    badge(project.status),
                    h("span", { class: "links" }, h("a", { href: `#/goals?project_id=${project.id}` }, "Goals"), " ",
                        h("a", { href: `#/board?project_id=${project.id}` }, "Board")),
                ]))
                : empty("No projects yet."),
            more && action("Show more", "projects", () => { wanted += 50; }),
        ],
    };
}
