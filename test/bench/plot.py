"""Line plots as SVG, with nothing but the standard library. The x axis is in powers of two."""

import dataclasses
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP = 70, 24, 56  # margins
FLOOR = HEIGHT - 58  # where the x axis is
COLOURS = ["#1f6fb2", "#c2571a", "#3d8b40"]
STYLE = """
  text { font: 13px sans-serif; fill: #333 } .title { font-size: 16px; font-weight: bold }
  .grid { stroke: #ddd } .axis { stroke: #666 } .line { fill: none; stroke-width: 2.5 }
"""


@dataclasses.dataclass
class Series:
    name: str
    points: list[tuple[float, float]]


def nice_step(largest: float) -> float:
    """A round number of which about six make the largest."""
    rough = largest / 6
    magnitude = 10 ** math.floor(math.log10(rough))
    return next(step * magnitude for step in (1, 2, 5, 10) if step * magnitude >= rough)


def short(number: float) -> str:
    for unit, size in (("M", 1 << 20), ("k", 1 << 10)):
        if number >= size:
            return f"{number / size:.0f} {unit}"
    return f"{number:.0f}"


def level_line(kind: str, at: float) -> str:
    return f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'


class Plot:
    def __init__(self, title: str, x_label: str, y_label: str, series: list[Series]):
        self.title, self.x_label, self.y_label, self.series = title, x_label, y_label, series
        xs = [math.log2(x) for line in series for x, _ in line.points]
        self.first, self.last = math.floor(min(xs)), math.ceil(max(xs))
        largest = max(y for line in series for _, y in line.points)
        self.step = nice_step(largest)
        self.top = math.ceil(largest * 1.05 / self.step) * self.step

    def x(self, value: float) -> float:
        return LEFT + (math.log2(value) - self.first) / max(1, self.last - self.first) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return FLOOR - value / self.top * (FLOOR - TOP)

    def axes(self) -> list[str]:
        parts = []
        for number in range(round(self.top / self.step) + 1):
            at = self.y(number * self.step)
            parts.append(level_line("grid", at))
            parts.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{number * self.step:g}</text>')
        for power in range(self.first, self.last + 1, 2 if self.last - self.first > 8 else 1):
            at = self.x(2**power)
            parts.append(f'<line class="axis" x1="{at:.1f}" x2="{at:.1f}" y1="{FLOOR}" y2="{FLOOR + 5}"/>')
            parts.append(f'<text x="{at:.1f}" y="{FLOOR + 20}" text-anchor="middle">{short(2**power)}</text>')
        return [*parts, level_line("axis", FLOOR)]

    def labels(self) -> list[str]:
        across, down = (LEFT + WIDTH - RIGHT) / 2, (TOP + FLOOR) / 2
        turned = f'transform="rotate(-90 18 {down})"'
        return [f'<text class="title" x="{LEFT}" y="24">{escape(self.title)}</text>',
                f'<text x="{across}" y="{HEIGHT - 14}" text-anchor="middle">{escape(self.x_label)}</text>',
                f'<text x="18" y="{down}" text-anchor="middle" {turned}>{escape(self.y_label)}</text>']

    def line(self, number: int, series: Series) -> list[str]:
        colour = COLOURS[number % len(COLOURS)]
        places = [(self.x(x), self.y(y)) for x, y in series.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts = [f'<polyline class="line" stroke="{colour}" points="{path}"/>']
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in places]
        at = LEFT + 130 * number
        parts.append(f'<circle cx="{at + 6}" cy="42" r="4" fill="{colour}"/>')
        parts.append(f'<text x="{at + 16}" y="46">{escape(series.name)}</text>')
        return parts

    def svg(self) -> str:
        size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
        parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', f"<title>{escape(self.title)}</title>",
                 f"<style>{STYLE}</style>", f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>', *self.axes(), *self.labels()]
        for number, series in enumerate(self.series):
            parts += self.line(number, series)
        return "\n".join([*parts, "</svg>", ""])
