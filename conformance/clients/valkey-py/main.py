"""The cases of redis-py through valkey-py, which has the same names."""

import runpy
import sys
from pathlib import Path

import valkey
import valkey.asyncio
import valkey.cluster

sys.modules.update({name.replace("valkey", "redis", 1): module for name, module in sys.modules.items() if name.split(".")[0] == "valkey"})
runpy.run_path(str(Path(__file__).parents[1] / "redis-py" / "main.py"))
