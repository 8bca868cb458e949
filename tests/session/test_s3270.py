"""What s3270 4.1 says, recorded as it talked to a system, and what it has to hear (terminal/vectors/s3270.json).

`send` is what it sends, `expect` what it gets in negotiation, `show` a text that has to appear behind it.
"""

import json
import socket
from pathlib import Path

import pytest

from cpvm import api

VECTORS: dict[str, list[dict[str, str]]] = json.loads(
    (Path(__file__).parents[1] / "terminal" / "vectors" / "s3270.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", VECTORS)
def test_a_dialogue(name: str, system: api.SystemHandle) -> None:
    with socket.create_connection(system.listen(), timeout=30) as s3270:
        came = b""
        for step in VECTORS[name]:
            if "send" in step:
                s3270.sendall(bytes.fromhex(step["send"]))
                continue
            wanted = bytes.fromhex(step["expect"]) if "expect" in step else step["show"].encode("cp037")
            while wanted not in came:
                data = s3270.recv(65536)
                assert data, f"ended before {step}"
                came += data
            if "expect" in step:
                assert came.startswith(wanted), f"{came.hex()} before {step['expect']}"
            came = came[came.index(wanted) + len(wanted) :]
    assert "CMSUSER" in system.system.users
