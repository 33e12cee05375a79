"""Print how long the functions are: figures to read, not a gate."""

import ast
import statistics
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> None:
    found = []
    for path in (*ROOT.glob("src/**/*.py"), *ROOT.glob("checks/**/*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                found.append((length, f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"))
    lengths = sorted(length for length, _ in found)
    ninth = lengths[int(len(lengths) * 0.9)]
    print(f"functions: {len(found)}, median {statistics.median(lengths):g} lines, 9 in 10 under {ninth}")
    for length, name in sorted(found, reverse=True)[:5]:
        print(f"  {length:4} {name}")


if __name__ == "__main__":
    main()
