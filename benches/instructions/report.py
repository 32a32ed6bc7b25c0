"""The table of one layer's counts, and which of them have grown too much."""


def print_table(layer, counts, baseline, tolerance):
    """Print *counts* beside those of *baseline*; return the names of the jobs that grew by more than *tolerance*."""
    before = baseline.counts if baseline else {}
    width = max(map(len, (*counts, *before, layer)))
    print(f"\n{layer:{width}}  instructions    baseline   change")
    grown = []
    for job, instructions in counts.items():
        if job not in before:
            print(f"{job:{width}}  {instructions:12,}           -        -")
            continue
        change = instructions / before[job] - 1
        is_too_much = change > tolerance
        grown += [job] * is_too_much
        print(f"{job:{width}}  {instructions:12,}  {before[job]:10,}  {change:+7.2%}{'  TOO MUCH' * is_too_much}")
    for job in before.keys() - counts.keys():
        print(f"{job:{width}}             -  {before[job]:10,}  no longer counted")
    return grown


def print_other_tools(tools, baseline):
    """Say which *tools* are others than those of *baseline*."""
    for kind, tool in tools.items():
        before = baseline.tools.get(kind)
        if tool != before:
            print(f"  {kind} is {tool}, that of the baseline was {before}")
