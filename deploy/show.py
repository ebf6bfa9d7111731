"""Reads the suite's JSON on standard input and shows it as text, for deploy/run. Standard library only.

show.py get PATH              the value at a dotted path (`goal.id`), nothing when there is none
show.py object NAME VALUE …   a JSON object of strings; a VALUE `@file` is that file's text, `json:…` is JSON as it stands
show.py plan                  the answer of POST /goals-api, as phases and tasks
show.py tasks                 a list of tasks, one line each: id, status, run, title
show.py lines TITLE           a run's log lines as they come (NDJSON), each behind the title
show.py results               tasks with what came of them
show.py board                 the columns of a board, side by side
"""

import json
import os
import shutil
import sys

COLOUR = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
MARKS = {"completed": "✓", "failed": "✗", "cancelled": "–", "interrupted": "–", "running": "▶", "blocked": "·", "draft": "·"}


def paint(text, code):
    return f"\x1b[{code}m{text}\x1b[0m" if COLOUR else text


def cut(text, width):
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"


def get(path):
    value = json.load(sys.stdin)
    for name in path.split("."):
        if isinstance(value, list):
            value = value[int(name)] if int(name) < len(value) else None
        else:
            value = (value or {}).get(name)
    if value is not None:
        print(value if isinstance(value, str) else json.dumps(value))


def make_object(*pairs):
    made = {}
    for name, value in zip(pairs[::2], pairs[1::2]):
        if value.startswith("@"):
            value = open(value[1:], encoding="utf-8").read()
        elif value.startswith("json:"):
            value = json.loads(value[5:])
        made[name] = value
    print(json.dumps(made))


def plan():
    answer = json.load(sys.stdin)
    tasks = answer["tasks"]
    titles = {task["id"]: task["title"] for task in tasks}
    phase = None
    for task in tasks:
        if task.get("phase") != phase:
            phase = task.get("phase")
            print(f"    {paint(phase or 'Tasks', '1')}")
        agent = (task.get("agent_id") or "nobody").removeprefix("agent_")
        waits = ", ".join(titles.get(other, other) for other in task.get("depends_on", []))
        print(f"      [ ] {task['title']}  {paint('@' + agent, '36')}" + (paint(f"  after: {waits}", "2") if waits else ""))
    for warning in answer["goal"].get("warnings", []):
        print(f"      {paint('note:', '33')} {warning}")


def items(answer):
    return answer if isinstance(answer, list) else answer.get("tasks", [])


def tasks():
    for task in items(json.load(sys.stdin)):
        print(task["id"], task["status"], task.get("run_id") or "-", task["title"])


def lines(title):
    colour = str(31 + sum(title.encode()) % 6)
    for text in sys.stdin:
        if not text.strip():
            continue
        line = json.loads(text)
        if "text" in line:
            shown = line["text"].rstrip("\n")
            dim = line.get("stream") in ("system", "model", "tool")
            shown = paint(shown, "2") if dim else paint(shown, "33") if line.get("stream") == "stderr" else shown
            print(f"    {paint(cut(title, 24).rjust(24), colour)} │ {shown}", flush=True)


def results():
    for task in items(json.load(sys.stdin)):
        mark = paint(MARKS.get(task["status"], "·"), "32" if task["status"] == "completed" else "31")
        commit = f"  {task['commit'][:9]}" if task.get("commit") else ""
        print(f"    {mark} {task['title']}: {task['status']}{paint(commit, '33')}")
        failure = task.get("failure")
        if failure:
            print(f"        {failure.get('reason')}: {failure.get('message')}")


def board():
    columns = json.load(sys.stdin)["columns"]
    usual = ("todo", "in_progress", "review", "done")
    shown = [column for column in columns if column["cards"] or column["status"] in usual]
    width = max(14, min(28, (shutil.get_terminal_size((100, 24)).columns - 4) // len(shown) - 2))

    def row(cells, code=None):
        text = "  ".join(cut(cell, width).ljust(width) for cell in cells).rstrip()
        print("    " + (paint(text, code) if code else text))

    row([f"{column['name']} ({column['count']})" for column in shown], "1")
    row(["─" * width for _ in shown])
    for index in range(max(len(column["cards"]) for column in shown)):
        cards = [column["cards"][index] if index < len(column["cards"]) else {} for column in shown]
        row([card.get("title", "") for card in cards])
        row(["@" + card["assignee_id"].removeprefix("agent_") if card.get("assignee_id") else "" for card in cards], "2")


COMMANDS = {
    "get": get, "object": make_object, "plan": plan, "tasks": tasks, "lines": lines, "results": results, "board": board,
}

if __name__ == "__main__":
    try:
        COMMANDS[sys.argv[1]](*sys.argv[2:])
    except (BrokenPipeError, KeyboardInterrupt):
        pass
