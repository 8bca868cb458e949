"""Screens and keyboards against what s3270 did with the same data streams and keys (`make_screen_vectors.py`)."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from make_screen_vectors import FILE, SIZES, unpack

from cpvm.machine.media.screen import (
    Inhibited,
    Keyboard,
    Screen,
    accept,
    accept_buffer,
    read_buffer,
    read_modified,
    repaint,
    structured,
    write,
)
from cpvm.s370.datastream import REMOTE, Read, Write

SCENARIOS = [json.loads(line) for line in FILE.read_text().splitlines()]


def screen_of(scenario: dict[str, Any]) -> Screen:
    return Screen(alternate=SIZES[scenario["model"]], extended=True)


def do(screen: Screen, step: dict[str, Any]) -> bytes | None:
    command = REMOTE[step["command"]]
    if command == Read.BUFFER:
        return read_buffer(screen).data
    if command in (Read.MODIFIED, Read.MODIFIED_ALL):
        return read_modified(screen, everything=command == Read.MODIFIED_ALL).data
    if command == Write.STRUCTURED_FIELD:
        structured.write(screen, unpack(step["data"]))
    else:
        write(screen, command, unpack(step["data"]))
    return None


def press(keyboard: Keyboard, name: str) -> bool:
    match = re.fullmatch(r'(\w+)\("?(.*?)"?\)', name)
    assert match
    action = {
        "Tab": keyboard.tab,
        "BackTab": keyboard.back_tab,
        "Newline": keyboard.new_line,
        "Home": keyboard.home,
        "Left": keyboard.left,
        "Right": keyboard.right,
        "Up": keyboard.up,
        "Down": keyboard.down,
        "EraseEOF": keyboard.erase_to_end,
        "EraseInput": keyboard.erase_input,
        "Dup": keyboard.duplicate,
        "FieldMark": keyboard.field_mark,
        "type": lambda: keyboard.type(match[2]),
    }[match[1]]
    try:
        action()
    except Inhibited:
        return False
    return True


@pytest.mark.parametrize("number", range(len(SCENARIOS)))
def test_the_screen_does_what_s3270_did(number: int) -> None:
    scenario = SCENARIOS[number]
    screen = screen_of(scenario)
    keyboard = Keyboard(screen, numeric_lock=False)
    for at, step in enumerate(scenario["steps"]):
        where = f"step {at}: {step}"
        if "key" in step:
            assert press(keyboard, step["key"]) == step["taken"], where
        elif "aid" in step:
            keyboard.press(re.sub(r"[()]", "", step["aid"]).lower())
            assert read_modified(screen).data.hex() == unpack(step["answer"]).hex(), where
        else:
            answer = do(screen, step)
            if answer is not None:
                assert answer.hex() == unpack(step["answer"]).hex(), where
        assert screen.cursor == step["cursor"], where


@pytest.mark.parametrize("number", range(0, len(SCENARIOS), 4))
def test_a_mirror_of_s3270_takes_over_what_it_sends(number: int) -> None:
    """A screen that gets the writes, and s3270's answers in place of keys, is as s3270's own."""
    scenario = SCENARIOS[number]
    screen = screen_of(scenario)
    for at, step in enumerate(scenario["steps"]):
        where = f"step {at}: {step}"
        if "aid" in step:
            accept(screen, unpack(step["answer"]))
        elif step.get("command") == 0xF2:
            record = unpack(step["answer"])
            accept_buffer(screen, record)
            assert read_buffer(screen).data.hex() == record.hex(), where
        elif "command" in step:
            answer = do(screen, step)
            if answer is not None and step["command"] == 0xF6:
                assert answer.hex() == unpack(step["answer"]).hex() or "key" in scenario["steps"][at - 1], where


@pytest.mark.parametrize("number", range(0, len(SCENARIOS), 8))
def test_a_screen_can_be_painted_again(number: int) -> None:
    scenario = SCENARIOS[number]
    screen = screen_of(scenario)
    for step in scenario["steps"]:
        if "command" in step:
            do(screen, step)
    command, data = repaint(screen)
    other = screen_of(scenario)
    write(other, command, data)
    assert (other.text, other.kind, other.planes) == (screen.text, screen.kind, screen.planes)
    assert (other.cursor, other.locked or screen.aid, screen.rows) == (screen.cursor, screen.aid, other.rows)
