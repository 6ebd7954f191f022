"""`make bench`: prints how fast streams are read, as medians of interleaved runs; `--json` for machines."""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROUNDS = 5
SHAPES = {  # name: updates a frame, frames a chunk, updates in all
    "1 update a frame": (1, 1, 30_000),
    "20 frames a chunk": (1, 20, 100_000),
    "100 updates a frame": (100, 1, 200_000),
}


def _measure(python: str, who: str, shape: tuple[int, int, int]) -> tuple[float, float]:
    server = [sys.executable, str(HERE / "stream_server.py"), *map(str, shape)]
    with subprocess.Popen(server, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = process.stdout.readline().strip() if process.stdout else ""
            reader = [python, str(HERE / "stream_reader.py"), who, port, str(shape[2])]
            run = subprocess.run(reader, capture_output=True, text=True, check=True, timeout=120)
        finally:
            process.terminate()
    rate, seconds = run.stdout.split()
    return float(rate), float(seconds)


def main() -> None:
    """Measure all, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--released", required=True, help="the Python of an environment with i3x-client 1.0.0"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    pythons = {"ours": sys.executable, "released": options.released, "floor": sys.executable}
    figures: dict[str, dict[str, float]] = {}
    for name, shape in SHAPES.items():
        runs: dict[str, list[tuple[float, float]]] = {who: [] for who in pythons}
        for _ in range(ROUNDS):
            for who, python in pythons.items():
                runs[who].append(_measure(python, who, shape))
        rates = {who: statistics.median(rate for rate, _ in found) for who, found in runs.items()}
        ends = {who: statistics.median(seconds for _, seconds in found) for who, found in runs.items()}
        figures[name] = {
            **{f"{who} (updates/s)": round(rate) for who, rate in rates.items()},
            "ours / released": round(rates["ours"] / rates["released"], 2),
            "ours / floor": round(rates["ours"] / rates["floor"], 2),
            "ours, end (s)": round(ends["ours"], 4),
            "released, end (s)": round(ends["released"], 4),
        }
    if options.json:
        print(json.dumps(figures, indent=2))
        return
    for name, found in figures.items():
        print(name)
        for what, figure in found.items():
            print(f"  {what:24}{figure:>12}")


if __name__ == "__main__":
    main()
