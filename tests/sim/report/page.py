# SPDX-License-Identifier: MIT
"""What the page is made of: tables, plots, and parts between markers."""
import math
import re
import subprocess


def number(value, digits=1):
    return "-" if value is None else f"{value:.{digits}f}"


def percent(value, digits=2):
    return "not run" if value is None else f"{100 * value:.{digits}f} %"


def table(heads, rows):
    """Markdown; the first column is a name, all others are numbers."""
    lines = ["| " + " | ".join(heads) + " |", "|---" + "|---:" * (len(heads) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def log_fit(points):
    """Least squares of y = a + b log2 x. Returns a, b, R squared; None: fewer than 3 points."""
    if len(points) < 3:
        return None
    xs, ys = [math.log2(x) for x, _ in points], [y for _, y in points]
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - x_mean) ** 2 for x in xs)
    slope = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys)) / spread
    base = y_mean - slope * x_mean
    total = sum((y - y_mean) ** 2 for y in ys)
    rest = sum((y - base - slope * x) ** 2 for x, y in zip(xs, ys))
    return base, slope, 1 - rest / total if total > 0 else 1.0


def plot(folder, name, title, x_label, y_label, series, log_x=False, y_range=None):
    """One SVG: series are (name, points). Returns what shows it; empty without points."""
    series = [(what, points) for what, points in series if points]
    if not series:
        return ""
    folder.mkdir(exist_ok=True)
    lines = ["set terminal svg size 720,380 font 'sans-serif,12' background 'white'",
             f"set output '{folder / name}.svg'", f"set title '{title}'", "set grid",
             f"set xlabel '{x_label}'", f"set ylabel '{y_label}'", "set key outside right",
             f"set yrange [{y_range or '0:*'}]"]
    if log_x:
        lines.append("set logscale x")
    lines.append("plot " + ", ".join(f"'-' with linespoints pointtype 7 title '{what}'"
                                     for what, _ in series))
    for _, points in series:
        lines += [f"{x} {y}" for x, y in points] + ["e"]
    subprocess.run(["gnuplot"], input="\n".join(lines) + "\n", text=True, check=True,
                   stderr=subprocess.DEVNULL)       # it warns of a range with one point
    return f"![{title}](simulation/{name}.svg)"


def put(page, name, text):
    """Put a part between its markers; at the end of the page when it has none yet."""
    begin, end = f"<!-- report {name}: made by `make sim-report` -->", f"<!-- end of {name} -->"
    part = f"{begin}\n{text}\n{end}"
    found = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if found.search(page):
        return found.sub(lambda _: part, page)
    return page.rstrip("\n") + "\n\n" + part + "\n"
