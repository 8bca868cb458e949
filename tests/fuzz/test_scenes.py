"""The programs of the campaign in the machine alone: they come to an end, the same one every time."""

from collections import Counter

from fuzz.comparing import kind_of
from fuzz.scenes import SceneWriter
from fuzz.stage import ENTRIES, Scene, perform, prepared


def scenes(seed: str, n: int) -> list[Scene]:
    writer = SceneWriter(seed)
    return [writer.scene() for _ in range(n)]


def test_scenes_end_and_are_the_same_every_time() -> None:
    machine = prepared()
    kinds: Counter[str] = Counter()
    for one, other in zip(scenes("a", 150), scenes("a", 150), strict=True):
        ending = perform(machine, one)
        assert 1 <= len(ending.log) <= ENTRIES
        assert not ending.differences(perform(machine, other))
        kinds.update(map(kind_of, ending.log))
    assert {mode + kind for mode in ("EC ", "BC ") for kind in ("S", "P 0004", "I 000e", "E 1004")} <= set(kinds)


def test_what_is_left_out_is_an_instruction_that_does_nothing() -> None:
    machine = prepared()
    (scene,) = scenes("b", 1)
    empty = scene.without(range(len(scene.pieces)))
    assert len(empty.code()) == len(scene.code())
    ending = perform(machine, empty)
    assert len(ending.log) == 1
    assert ending.windows == scene.windows
