"""From checks and assets to findings: catalogue, observe, judge, audit."""
