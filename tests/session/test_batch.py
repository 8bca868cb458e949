"""The batch machine, logged on without a terminal, and the jobs that others send to it."""

from collections.abc import Iterator

import pytest

from cpvm import api

WAIT = 60.0


@pytest.fixture
def submitter(system: api.SystemHandle) -> Iterator[api.User]:
    """CMSUSER, whose punch goes to the batch machine USER01."""
    user = system.logon("CMSUSER")
    operator = system.logon("OPERATOR")
    for each in (user, operator):
        each.type("IPL CMS")
        each.type("")
    operator.type('CP AUTOLOG USER01 USER01 IPL CMS"#CMSBATCH')
    user.type("CP SPOOL PUNCH TO USER01")
    yield user


def submit(user: api.User, *cards: str) -> str:
    """What CP answers, and what the batch machine may have said by then."""
    for card in cards:
        assert user.type(f"EXECIO 1 PUNCH (STRING {card}").return_code == 0
    user.new_lines()
    return user.type("CP CLOSE PUNCH").text


def told(user: api.User, already: str, text: str) -> None:
    """Wait until the batch machine has said TEXT, if that is not in what was said ALREADY."""
    if text not in already:
        user.expect(text, WAIT)


def log_of(user: api.User, jobname: str) -> list[str]:
    """What the job typed; all spool files of the reader before its log are purged."""
    listed = [line.split() for line in user.type("CP QUERY READER ALL").lines]
    for file in [words for words in listed if words[:1] == ["USER01"]]:
        if jobname in file and "LOG" in file:
            user.type("ERASE JOB LOG A")
            user.type(f"CP ORDER READER {file[1]}")
            assert user.type("READCARD JOB LOG A").return_code == 0
            return [line.rstrip() for line in user.type("TYPE JOB LOG").lines]
    raise AssertionError(f"no log of {jobname}: {listed}")


def test_a_job_runs_and_its_output_comes_back(submitter: api.User) -> None:
    said = submit(
        submitter,
        "/JOB CMSUSER 1 FIRST A COMMENT",
        "/SET TIME 20 PRINT 100",
        "LISTFILE PROFILE EXEC A",
        "EXECIO 1 DISKW IN DATA A (FINIS STRING FROM A JOB",
        "PRINT IN DATA",
        "PUNCH IN DATA (NOHEADER",
        "CP LOGOFF",
        "/*",
    )
    told(submitter, said, "JOB FIRST    STARTED")
    told(submitter, said, "JOB FIRST    ENDED")
    log = log_of(submitter, "FIRST")
    assert "PROFILE  EXEC     A1" in log
    assert "DMSBTP107E CP/CMS COMMAND 'LOGOFF' NOT ALLOWED." in log
    reader = submitter.type("CP QUERY READER ALL").text
    assert " PRT " in reader and " PUN " in reader and reader.count("IN       DATA") == 2


def test_a_program_of_a_job_reads_its_lines(submitter: api.User) -> None:
    said = submit(
        submitter,
        "/JOB CMSUSER 1 LINES",
        "EDIT NEW FILE",
        "INPUT",
        "A LINE FROM THE JOB",
        "",
        "FILE",
        "TYPE NEW FILE",
        "READCARD CARDS DATA",
        "A CARD",
        "/*",
    )
    told(submitter, said, "JOB LINES    ENDED")
    log = log_of(submitter, "LINES")
    assert "A LINE FROM THE JOB" in log
    said = submit(submitter, "/JOB CMSUSER 1 LATER", "TYPE CARDS DATA", "/*")
    told(submitter, said, "JOB LATER    ENDED")
    assert "A CARD" in log_of(submitter, "LATER")


def test_limits_abends_and_bad_cards_end_jobs_not_the_machine(submitter: api.User) -> None:
    submit(submitter, "LISTFILE", "NO JOB CARD")
    submit(submitter, "/JOB CMSUSER", "LISTFILE")
    said = submit(
        submitter, "/JOB CMSUSER 1 PAPER", "/SET PRINT 1", "/SET CARDS 1", "PRINT PROFILE EXEC", "STATE A B A", "/*"
    )
    told(submitter, said, "JOB PAPER    ABENDED")
    log = log_of(submitter, "PAPER")
    assert "DMSBTP108E /SET CARD FORMAT INVALID." in log
    assert "DMSBTP109E PRINTER LIMIT EXCEEDED." in log
    assert not any("STATE A B A" in line for line in log)
    said = submit(submitter, "/JOB CMSUSER 1 HUNGRY", "EDIT NEW DATA", "INPUT")
    told(submitter, said, "JOB HUNGRY   ABENDED")
    said = submit(submitter, "/JOB CMSUSER 1 ONE", "QUERY DISK A", "/JOB CMSUSER 1 TWO", "QUERY DISK A")
    told(submitter, said, "JOB ONE      ENDED")
    told(submitter, said, "JOB TWO      ENDED")


def test_a_job_that_loops_is_ended(submitter: api.User) -> None:
    said = submit(
        submitter,
        "/JOB CMSUSER 1 LOOP",
        "/SET TIME 1",
        "EXECIO 1 DISKW LOOP EXEC A (STRING &CONTROL OFF",
        "EXECIO 1 DISKW LOOP EXEC A (STRING -HERE",
        "EXECIO 1 DISKW LOOP EXEC A (FINIS STRING &GOTO -HERE",
        "EXEC LOOP",
        "/*",
    )
    told(submitter, said, "JOB LOOP     ABENDED")
    assert "DMSBTP109E CPU LIMIT EXCEEDED." in log_of(submitter, "LOOP")
