"""MACRO: the header of a macro definition, in open code or inside of another macro."""

from __future__ import annotations

from assembler.macro.conditional import Conditional, conditional
from assembler.macro.definition import Model
from assembler.macro.expander import Expander, Frame
from assembler.message import Flaw
from assembler.source import Record, Statement


@conditional("MACRO")
class Macro(Conditional):
    def execute(self, engine: Expander, frame: Frame, model: Model) -> None:
        if frame.definition is None:
            file = engine.code.file

            def from_file() -> Record | None:
                record = file.next()
                if record is not None:
                    st = Statement(record.lines, "", "", "", record.line, 0, record.file)
                    if record.complaint[0]:
                        st.early = [Flaw(*record.complaint, 4)]
                    engine.queue.append(st)
                return record

            definition = engine.table.read_definition(from_file)
        else:
            body = frame.definition.body

            def from_body() -> Record | None:
                if frame.position >= len(body):
                    return None
                frame.position += 1
                return body[frame.position - 1].record

            definition = engine.table.read_definition(from_body)
        engine.operations[definition.name] = definition
