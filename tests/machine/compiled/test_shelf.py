"""Translations are shared, made in the background, kept within a limit, and let go by whoever has them."""

import gc
import threading
import weakref
from dataclasses import replace
from typing import Any

import pytest

from compiled.linked import ADDS, BACK, CODE, DATA, WAITS
from compiled.parity import StillHost
from cpvm.machine import Machine
from cpvm.machine.compiled.regions.plan import Plan, Translation, Untranslatable
from cpvm.machine.compiled.regions.translate import translate
from cpvm.machine.compiled.shelf import WAITING, Kept, Request, Shelf
from cpvm.machine.compiled.translated import Tuning
from cpvm.machine.engines import TRANSLATED
from cpvm.s370.psw import PSW


class Translator:
    """The real one, with a look at what it is asked for."""

    def __init__(self) -> None:
        self.plans: list[Plan] = []
        self.free = threading.Event()
        self.free.set()
        self.began = threading.Event()

    def __call__(self, plan: Plan, native: Any) -> Translation:
        self.plans.append(plan)
        self.began.set()
        assert self.free.wait(60)
        return translate(plan, native)


def machine(shelf: Shelf, translator: Any = translate, code: bytes = ADDS + BACK, **tuning: Any) -> Any:
    """A machine with a loop. Gives its engine, by which it is found, too."""
    m = Machine(1 << 16, StillHost(), engine=TRANSLATED)
    engine: Any = m._interpreter
    given = {"hot": 100, "longest": 500, "quiet": 200, "background": False, "stay": 0} | tuning
    engine.tuning = Tuning(shelf=shelf, translate=translator, **given)
    m.storage.write(0x68, WAITS.to_bytes())
    m.storage.write(CODE, code)
    m.storage.write(DATA + 0x100, (1).to_bytes(4, "big"))
    m.gr[1], m.gr[12], m.gr[4] = CODE, DATA, 1_000_000
    m.psw = PSW(address=CODE)
    return m


def engine(m: Machine) -> Any:
    """Its engine."""
    return m._interpreter


def loop(number: int) -> bytes:
    """A loop unlike that with any other number."""
    return ADDS + bytes((0x41, 0x30, number >> 8, number & 255)) + bytes.fromhex("46401000 47F01008")


def test_machines_with_the_same_program_share_a_translation() -> None:
    shelf, translator = Shelf(), Translator()
    one, two = machine(shelf, translator), machine(shelf, translator)
    for m in (one, two, one, two):
        m.run(1500)
    assert len(translator.plans) == shelf.made == 1
    (a,), (b,) = engine(one).links, engine(two).links
    assert a.kept is b.kept
    assert (one.gr[2], two.gr[2]) == (1500, 1500)
    assert one.engine_statistics().translations == 1
    assert two.engine_statistics().translations == 0


def test_machines_with_other_text_at_the_same_address_do_not() -> None:
    shelf, translator = Shelf(), Translator()
    one, two = machine(shelf, translator), machine(shelf, translator, bytes.fromhex("5B20C100") + BACK)
    for m in (one, two, one, two):
        m.run(1500)
    assert shelf.made == 2
    assert (one.gr[2], two.gr[2]) == (1500, 2**32 - 1500)


def test_eviction_while_machines_run() -> None:
    """Six programs in turn on two machines, with room for two translations or so."""
    shelf = Shelf(limit=1)
    machines = [machine(shelf), machine(shelf)]
    for m in machines:
        for i in range(6):
            m.storage.write(0x3000 + 64 * i, loop(i))
    for _ in range(3):
        for i in range(6):
            for m in machines:
                m.gr[1] = 0x3000 + 64 * i
                m.psw = PSW(address=m.gr[1])
                before = m.gr[2]
                for n in (500, 1000, 300):
                    m.run(n)
                assert m.gr[2] - before == 600
                assert m.gr[3] == i
                assert len(shelf) == 1
                assert len(engine(m).links) <= 2
    assert sum(m.engine_statistics().evicted for m in machines) >= 6
    assert shelf.made > 6


def test_what_was_linked_last_stays() -> None:
    shelf = Shelf()
    m = machine(shelf)
    m.run(500)
    m.run(500)
    kept = next(iter(engine(m).links)).kept
    others = []
    for i in range(3):
        other = machine(shelf, code=loop(i))
        other.run(500)
        other.run(500)
        others.append(next(iter(engine(other).links)).kept)
    shelf.touch(kept)
    shelf.limit = kept.translation.size + others[2].translation.size
    last = machine(shelf, code=loop(9))
    shelf.limit += 4096
    last.run(500)
    shelf.limit -= 4096
    last.run(500)
    assert others[0].evicted
    assert not kept.evicted


def test_code_goes_when_the_last_machine_has_let_it_go() -> None:
    shelf = Shelf()
    m = machine(shelf)
    m.run(500)
    m.run(500)
    (region,) = engine(m).links
    gone = weakref.ref(region.kept)
    del region
    shelf.limit = 0
    other = machine(shelf, code=loop(1))
    other.run(500)
    other.run(500)
    gc.collect()
    kept = gone()
    assert kept is not None
    assert kept.evicted
    del kept
    m.run(10)
    gc.collect()
    assert gone() is None
    assert m.engine_statistics().evicted == 1
    before = m.gr[2]
    m.run(100)
    assert m.gr[2] == before + 50


def test_translation_in_the_background() -> None:
    """The machine goes on meanwhile, and takes the translation up when it is there."""
    shelf, translator = Shelf(), Translator()
    translator.free.clear()
    m = machine(shelf, translator, background=True)
    m.run(1000)
    m.run(1000)
    assert translator.began.wait(60)
    m.run(1000)
    assert len(engine(m).links) == 0
    translator.free.set()
    shelf.wait()
    m.run(1000)
    assert len(engine(m).links) == 1
    assert m.gr[2] == 2000


def test_the_same_plan_is_translated_once() -> None:
    shelf, translator = Shelf(), Translator()
    translator.free.clear()
    one, two = (machine(shelf, translator, background=True) for _ in range(2))
    for m in (one, two, one, two):
        m.run(1000)
    translator.free.set()
    shelf.wait()
    one.run(100)
    two.run(100)
    assert len(translator.plans) == 1
    assert len(engine(one).links) == len(engine(two).links) == 1


@pytest.mark.parametrize("error", [Untranslatable("nothing in it"), ValueError("a mistake"), MemoryError()])
def test_a_translator_that_fails(error: Exception) -> None:
    """The machine goes on without, and does not ask again all the time."""
    asked = []

    def fail(plan: Plan, native: Any) -> Translation:
        asked.append(plan)
        raise error

    m = machine(Shelf(), fail)
    for _ in range(200):
        m.run(500)
    assert m.gr[2] == 50_000
    assert 1 <= len(asked) <= 8
    assert len(engine(m).links) == 0


def test_too_much_to_do() -> None:
    shelf, translator = Shelf(), Translator()
    translator.free.clear()
    native = engine(machine(shelf))._library.native
    text = {CODE: ADDS}
    requests = [
        shelf.ask(Request(Plan(text | {CODE + 4 + 4 * i: ADDS}, {}, (CODE,)), native, translator))
        for i in range(WAITING + 1)
    ]
    assert requests[-1].done
    assert requests[-1].kept is None
    assert not requests[0].done
    translator.free.set()
    shelf.wait()
    assert all(request.done for request in requests)


def test_two_machines_on_two_threads_with_hardly_any_room() -> None:
    shelf = Shelf(limit=1)
    machines = [machine(shelf, background=True, code=loop(i)) for i in range(2)]

    def work(m: Machine) -> None:
        for n in range(60):
            m.run(1000 + n)

    threads = [threading.Thread(target=work, args=(m,)) for m in machines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = sum(1000 + n for n in range(60))
    for i, m in enumerate(machines):
        assert m.gr[2] == (total + 2) // 3
        assert m.gr[3] == i


# ---- what is not worth it
def test_a_loop_that_modifies_itself_is_not_translated_again_and_again() -> None:
    """STC changes the immediate operand of the next instruction in each round."""
    code = bytes.fromhex("42201009 41220001 92001100 46401000 47F0100C")
    translator = Translator()
    m = machine(Shelf(), translator, code)
    native = engine(m).native_instructions
    for _ in range(300):
        m.run(1000)
    assert m.gr[2] == 75_000
    assert len(translator.plans) <= 8
    assert engine(m).native_instructions - native > 290_000


def test_a_loop_that_modifies_itself_now_and_then() -> None:
    """Every 256 rounds: too seldom for being seen while it is recorded."""
    # LA R2,1(,R2); STC R2,..: N R2 = low byte; BC: not zero; XI of a flag in the next instruction
    code = bytes.fromhex("41220001 42201200 95001200 47701014 97011015 41300000 46401000 47F01018")
    translator = Translator()
    m = machine(Shelf(), translator, code)
    for _ in range(600):
        m.run(1000)
    statistics = m.engine_statistics()
    assert len(translator.plans) <= 10
    assert statistics.stale <= 6
    assert statistics.native > 550_000


def test_text_that_changed_twice_is_left_to_the_interpreter() -> None:
    m = machine(Shelf(), changes=2)
    add, subtract = ADDS, bytes.fromhex("5B20C100")
    for n in range(6):
        m.storage.write(CODE, subtract if n & 1 else add)
        for _ in range(60):
            m.run(500)
    assert m.engine_statistics().stale == 2
    assert all(CODE not in region.kept.translation.text for region in engine(m).links)
    assert m.gr[2] == 0


def test_text_that_changed_after_long_is_translated_again() -> None:
    m = machine(Shelf(), changes=2, fair=1000)
    add, subtract = ADDS, bytes.fromhex("5B20C100")
    for n in range(6):
        m.storage.write(CODE, subtract if n & 1 else add)
        for _ in range(60):
            m.run(500)
    assert m.engine_statistics().stale == 5
    assert any(CODE in region.kept.translation.text for region in engine(m).links)


def test_a_region_that_is_left_at_once_is_given_up() -> None:
    """Its loop is mostly an instruction that is left to the interpreter."""

    def only_the_branch(plan: Plan, native: Any) -> Translation:
        rest = frozenset(a for a in plan.text if a != CODE)
        return replace(translate(Plan(plan.text, plan.after, (CODE,), rest), native), plan=plan)

    m = machine(Shelf(), only_the_branch, stay=8, often=100)
    m.run(500)
    m.run(300)
    assert len(engine(m).links) == 1
    for _ in range(21):
        m.run(1000)
    assert len(engine(m)._poor) >= 1
    assert m.engine_statistics().translations == 1
    assert m.gr[2] == 10_900


def test_a_translation_is_found_by_all_of_its_text() -> None:
    shelf = Shelf()
    m = machine(shelf, code=loop(3))
    m.run(500)
    m.run(500)
    (region,) = engine(m).links
    kept = region.kept
    assert isinstance(kept, Kept)
    assert shelf.find(CODE) == shelf.find(CODE + 8) == [kept]
    assert shelf.find(CODE + 0x100) == []
