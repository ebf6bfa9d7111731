// The board of one project, or of all: a column for each status, tasks and issues as cards.
import { get, list, names, post } from "./api.js";
import { badge, changed, empty, h, say } from "./dom.js";

async function move(card, select) {
    try {
        await post(`/board-api/cards/${encodeURIComponent(card.id)}/move`, { status: select.value });
        say();
    } catch (error) {
        select.value = card.status;
        say(error.message);
    }
    changed();
}

function cardOf(card, columns, agents) {
    const goesTo = card.run_id ? `#/runs/${card.run_id}` : card.goal_id ? `#/goals/${card.goal_id}` : null;
    // A task's column follows from its runs; only an issue is moved by hand.
    const mover = card.kind === "issue" && h("label", { class: "mover" }, "Column ",
        h("select", { "data-focus": `move ${card.id}`, onchange: (event) => move(card, event.target) },
            columns.map(({ status, name }) => h("option", { value: status, selected: status === card.status }, name))));
    return h("li", { class: "card" },
        h("p", { class: "card-title" }, card.identifier && h("span", { class: "hint" }, `${card.identifier} `),
            goesTo ? h("a", { href: goesTo }, card.title) : card.title),
        h("p", { class: "hint" }, card.kind === "task" && badge(card.status), card.kind === "task" && " ",
            [card.phase, agents[card.assignee_id], card.priority !== "none" && card.priority].filter(Boolean).join(" · ")),
        mover || null);
}

const columnOf = (column, columns, agents) => h("section", { class: "column", "aria-label": column.name },
    h("h2", {}, column.name, h("span", { class: "hint" }, ` ${column.count}`)),
    column.cards.length ? h("ul", {}, column.cards.map((card) => cardOf(card, columns, agents))) : null,
    column.count > column.cards.length ? h("p", { class: "hint" }, `and ${column.count - column.cards.length} more`) : null);

async function fillProjects(select, chosen) {
    const projects = await list("/api/projects", "projects", 200);
    select.append(...projects.items.map(({ id, name }) => h("option", { value: id, selected: id === chosen }, name)));
}

export function board(query) {
    const project = query.get("project_id") ?? "";
    const select = h("select", { onchange: () => { location.hash = `#/board?project_id=${select.value}`; } },
        h("option", { value: "" }, "All projects"));
    fillProjects(select, project).catch((error) => say(error.message));
    return {
        title: "Board",
        before: [h("label", { class: "inline" }, "Project ", select)],
        async load() {
            const { columns } = await get(`/board-api${project ? `?project_id=${encodeURIComponent(project)}` : ""}`);
            const cards = columns.flatMap((column) => column.cards);
            return { columns, agents: await names("/agents-api", cards.map((card) => agentOf(card))) };
        },
        draw: ({ columns, agents }) => [
            columns.every((column) => column.count === 0) && empty("No tasks and no issues here."),
            h("div", { class: "board", tabindex: 0, role: "group", "aria-label": "Columns" },
                columns.map((column) => columnOf(column, columns, agents))),
        ],
    };
}

/** Issues may be assigned to people, whose names are not for everyone to read. */
const agentOf = (card) => card.assignee_id?.startsWith("agent_") ? card.assignee_id : null;
