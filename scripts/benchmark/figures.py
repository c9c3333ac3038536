"""From runs to figures: medians, spreads, worst cases, and how they are written."""

import statistics

from plans import HARMFUL, value


def good(runs):
    return [run["result"] for run in runs if "result" in run]


def values(runs, path):
    found = (value(result, path) for result in good(runs))
    return [figure for figure in found if figure is not None]


def median(runs, path):
    found = values(runs, path)
    return statistics.median(found) if found else None


def column(runs, wanted):
    """One cell: the median, or what was worst."""
    found = values(runs, wanted.path)
    if not found:
        return None
    return max(found) if wanted.worst else statistics.median(found)


def parts(result):
    """The tool's results of one run: the measured one, and what kept the server busy beside it."""
    return [result] + ([result["beside"]] if "beside" in result else [])


def harm(result):
    """How often something happened in a run that must not."""
    return sum(value(part, path) or 0 for part in parts(result) for path in HARMFUL)


def complaint(result):
    """What the tool said did not go well in a run; empty where all did."""
    return " / ".join(part["complained"] for part in parts(result) if "complained" in part)


def ratio(one, other):
    return one / other if one is not None and other else None


def number(figure):
    """Three digits are as many as repeat."""
    if figure is None:
        return "–"
    if figure == 0:
        return "0"
    if abs(figure) >= 100 or figure == int(figure):
        return f"{figure:,.0f}"
    return f"{figure:.1f}" if abs(figure) >= 10 else f"{figure:.2f}"


def times(figure, digits=2):
    return "–" if figure is None else f"{figure:.{digits}f} x"


def row(cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |\n"


def table(titles, rows):
    return row(titles) + "|" + "---|" * len(titles) + "\n" + "".join(row(cells) for cells in rows)
