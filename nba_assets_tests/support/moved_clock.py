"""`python -m nba_assets_tests.support.moved_clock 2021-12-28 nba_assets backfill …`: a module at noon of that day."""

import datetime as dt
import runpy
import sys

import time_machine

if __name__ == "__main__":
    _, day, module, *arguments = sys.argv
    sys.argv = [module, *arguments]
    with time_machine.travel(dt.datetime.fromisoformat(f"{day}T12:00:00+00:00")):
        runpy.run_module(module, run_name="__main__", alter_sys=True)
