#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads what `meson test` left behind.

results.py count <build directory>...   the failing cases, then "N passed, N failed" as the last line
results.py bench <build directory>      a table of the figures, and bench.jsonl in the build directory

A case is one GoogleTest or TAP case, or one program that has no smaller parts. A program that failed
without a failing case (it crashed, leaked or took too long) counts as one failure.
"""

import json
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def read_lines(path):
    with open(path, encoding='utf-8', errors='replace') as log:
        return [json.loads(line) for line in log if line.strip()]


def count(build):
    """(passed, [names of failed cases]) of one build directory."""
    logs = pathlib.Path(build) / 'meson-logs'
    passed, failed, blamed = 0, [], set()
    for suite in ElementTree.parse(logs / 'testlog.junit.xml').getroot().iter('testsuite'):
        for case in suite.iter('testcase'):
            if case.find('failure') is not None or case.find('error') is not None:
                failed.append(f"{suite.get('name')}: {case.get('name')}")
                blamed.update({*suite.get('name').split('.'), case.get('name')})
            elif case.find('skipped') is None:
                passed += 1
    for program in read_lines(logs / 'testlog.json'):
        name = program['name'].split(' / ')[-1].split(':')[-1]
        if program['result'] not in ('OK', 'SKIP', 'EXPECTEDFAIL') and name not in blamed:
            failed.append(f"{name}: {program['result'].lower()}, status {program['returncode']}")
    return passed, failed


def print_counts(builds):
    results = [count(build) for build in builds]
    failed = [case for _, cases in results for case in cases]
    for case in failed:
        print(f'failed: {case}')
    print(f'{sum(passed for passed, _ in results)} passed, {len(failed)} failed')
    return 1 if failed else 0


def figures_of(build):
    """The JSON objects that benchmarks print, one per line."""
    for program in read_lines(pathlib.Path(build) / 'meson-logs' / 'benchmarklog.json'):
        for line in program.get('stdout', '').splitlines():
            if line.startswith('{') and '"bench"' in line:
                yield json.loads(line)


def print_bench(build):
    figures = list(figures_of(build))
    with open(pathlib.Path(build) / 'bench.jsonl', 'w', encoding='utf-8') as output:
        output.writelines(json.dumps(figure) + '\n' for figure in figures)
    for bench in dict.fromkeys(figure['bench'] for figure in figures):
        rows = [figure for figure in figures if figure['bench'] == bench]
        keys = list(dict.fromkeys(key for row in rows for key in row if key != 'bench'))
        table = [keys] + [[str(row.get(key, '')) for key in keys] for row in rows]
        widths = [max(len(row[i]) for row in table) for i in range(len(keys))]
        print(f'\n{bench}')
        for row in table:
            print('  ' + '  '.join(cell.rjust(width) for cell, width in zip(row, widths)))
    return 0 if figures else 1


if __name__ == '__main__':
    if len(sys.argv) > 2 and sys.argv[1] == 'count':
        sys.exit(print_counts(sys.argv[2:]))
    if len(sys.argv) == 3 and sys.argv[1] == 'bench':
        sys.exit(print_bench(sys.argv[2]))
    sys.exit(__doc__)
